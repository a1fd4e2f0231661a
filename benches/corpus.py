#!/usr/bin/env python3
"""Benchmark corpus: T tasks (CronJobs of two containers, ~120 lines) on C clusters, about 10 % of the pairs patched.

  corpus.py --tasks T --clusters C --out DIR --format fleetcron|kustomize|expect [--seed N] [--everywhere] [--patch-pct 10]

fleetcron   clusters/*.yaml and tasks/*.yaml in this project's format
kustomize   the same result as base + one overlay a cluster, for `kubectl kustomize overlays/NAME`
expect      <cluster>/<task>.json: what every tool must produce; compare with check.py (order of env and of keys is free)
Same seed, same corpus. Sizes used so far: small 20x10, medium 200x50 (6,881 manifests, 25 MB), large 1000x200 (131,654, 479 MB).
"""
import argparse, json, os, random, sys
import yaml
Dumper = getattr(yaml, 'CSafeDumper', yaml.SafeDumper)
class D(Dumper):
    def ignore_aliases(self, data): return True
def Y(o): return yaml.dump(o, Dumper=D, sort_keys=False, default_flow_style=False, width=100000)

PROV = {'aws': ['us-east-1', 'eu-west-1', 'ap-southeast-1'], 'gcp': ['us-central1', 'europe-west4'],
        'ali': ['cn-hangzhou', 'cn-beijing', 'cn-shenzhen'], 'onprem': ['dc-a', 'dc-b']}
REGIONS = [(p, r) for p, rs in PROV.items() for r in rs]
BASE_REG = 'registry.example.com'

def cluster(i, rnd):
    p, r = REGIONS[i % len(REGIONS)]
    z = r + 'abc'[(i // len(REGIONS)) % 3]
    return {'apiVersion': 'bench/v1', 'kind': 'Cluster',
            'metadata': {'name': f'cluster-{i:03d}',
                         'labels': {'env': ['prod', 'prod', 'staging', 'dev'][rnd.randrange(4)],
                                    'tier': ['gold', 'silver', 'bronze'][rnd.randrange(3)],
                                    'gpu': ['true', 'false', 'false', 'false'][rnd.randrange(4)],
                                    'topology.kubernetes.io/region': r, 'topology.kubernetes.io/zone': z}},
            'spec': {'provider': p, 'region': r, 'zone': z, 'registry': f'registry-{r}.example.com'}}

def container(name, team, app, i, rnd, full):
    env = [{'name': f'{name.upper()}_OPT_{k:02d}', 'value': f'value-{app}-{k}-{rnd.randrange(10**6)}'} for k in range(4 if full else 2)]
    if full: env.append({'name': 'DB_PASSWORD', 'valueFrom': {'secretKeyRef': {'name': f'{app}-db', 'key': 'password'}}})
    env.append({'name': 'POD_NAME', 'valueFrom': {'fieldRef': {'fieldPath': 'metadata.name'}}})
    c = {'name': name, 'image': f'{BASE_REG}/{team}/{app}-{name}:v{1 + i % 7}.{i % 13}.{i % 5}', 'imagePullPolicy': 'IfNotPresent'}
    if full: c['args'] = [f'--task={app}', '--config=/etc/config/app.yaml']
    c['env'] = env
    c['resources'] = {'requests': {'cpu': f'{100 + 50 * (i % 8)}m', 'memory': f'{128 * (1 + i % 6)}Mi'},
                      'limits': {'cpu': f'{1 + i % 4}', 'memory': f'{256 * (1 + i % 6)}Mi'}}
    if full: c['livenessProbe'] = {'httpGet': {'path': '/healthz', 'port': 8080}, 'initialDelaySeconds': 10, 'periodSeconds': 20}
    c['volumeMounts'] = [{'name': 'config', 'mountPath': '/etc/config', 'readOnly': True}] + ([{'name': 'scratch', 'mountPath': '/scratch'}] if full else [])
    return c

def task(i, clusters, rnd, everywhere, pct):
    team = f'team-{i % 12:02d}'; app = f'app-{i:04d}'; name = f'task-{i:04d}'
    lab = {'app.kubernetes.io/name': app, 'app.kubernetes.io/part-of': team, 'app.kubernetes.io/managed-by': 'gitops',
           'team': team, 'cost-center': f'cc-{i % 40:03d}'}
    t = {'apiVersion': 'batch/v1', 'kind': 'CronJob',
         'metadata': {'name': name, 'namespace': team, 'labels': dict(lab),
                      'annotations': {'description': f'nightly job of {app}: collects, compacts and ships data', 'owner': f'{team}@example.com'}},
         'spec': {'schedule': f'{i % 60} {i % 24} * * {["*", "1-5", "0"][i % 3]}', 'timeZone': 'Etc/UTC', 'concurrencyPolicy': 'Forbid',
                  'startingDeadlineSeconds': 300, 'successfulJobsHistoryLimit': 3, 'failedJobsHistoryLimit': 2, 'suspend': False,
                  'jobTemplate': {'spec': {'backoffLimit': 2, 'activeDeadlineSeconds': 3600, 'ttlSecondsAfterFinished': 86400,
                    'template': {'metadata': {'labels': dict(lab)}, 'spec': {
                        'restartPolicy': 'Never', 'serviceAccountName': f'{app}-sa', 'priorityClassName': 'batch-low',
                        'securityContext': {'runAsNonRoot': True, 'runAsUser': 10001, 'fsGroup': 10001},
                        'containers': [container('app', team, app, i, rnd, True), container('exporter', team, app, i, rnd, False)],
                        'tolerations': [{'key': 'batch', 'operator': 'Equal', 'value': 'true', 'effect': 'NoSchedule'}],
                        'volumes': [{'name': 'config', 'configMap': {'name': f'{app}-config'}}, {'name': 'scratch', 'emptyDir': {'sizeLimit': '2Gi'}}]}}}}}}
    k = rnd.randrange(10)
    if everywhere or k < 4: place = {}
    elif k < 8: place = {'regions': sorted(r for _, r in rnd.sample(REGIONS, rnd.randrange(3, 8)))}
    else: place = {'matchLabels': [{'env': 'prod'}, {'tier': 'gold'}, {'env': 'prod', 'gpu': 'false'}][rnd.randrange(3)]}
    sel = [c for c in clusters if match(place, c)]
    byreg = {}
    for c in sel:
        if rnd.randrange(100) < pct: byreg.setdefault(c['spec']['region'], []).append(c)
    ov = [{'clusters': [c['metadata']['name'] for c in cs], 'registry': cs[0]['spec']['registry'],
           'labels': {'region-override': r, 'patched': 'true'},
           'env': [{'container': 'app', 'name': 'REGION', 'value': r}, {'container': 'app', 'name': 'EXTRA_ENDPOINT', 'value': f'https://{r}.example.com/{app}'}]}
          for r, cs in sorted(byreg.items())]
    return {'apiVersion': 'bench/v1', 'kind': 'Task', 'metadata': {'name': name},
            'spec': {'placement': place, 'template': t, 'overrides': ov}}

def match(p, c):
    if 'regions' in p and c['spec']['region'] not in p['regions']: return False
    return all(c['metadata']['labels'].get(k) == v for k, v in p.get('matchLabels', {}).items())

def corpus(a):
    rnd = random.Random(a.seed)
    cl = [cluster(i, rnd) for i in range(a.clusters)]
    return cl, [task(i, cl, rnd, a.everywhere, a.patch_pct) for i in range(a.tasks)]

def W(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w') as f: f.write(text)

def ovs(t, cname): return [o for o in t['spec']['overrides'] if cname in o['clusters']]
def podspec(t): return t['spec']['template']['spec']['jobTemplate']['spec']['template']['spec']
def reimage(img, reg): return reg + img[img.index('/'):]

def smp(t, o):
    """strategic-merge patch for kustomize"""
    cs = []
    for c in podspec(t)['containers']:
        p = {'name': c['name'], 'image': reimage(c['image'], o['registry'])}
        e = [{'name': x['name'], 'value': x['value']} for x in o['env'] if x['container'] == c['name']]
        if e: p['env'] = e
        cs.append(p)
    m = t['spec']['template']['metadata']
    return {'apiVersion': 'batch/v1', 'kind': 'CronJob', 'metadata': {'name': m['name'], 'namespace': m['namespace'], 'labels': o['labels']},
            'spec': {'jobTemplate': {'spec': {'template': {'metadata': {'labels': o['labels']}, 'spec': {'containers': cs}}}}}}

def f_kustomize(cl, ts, out):
    for t in ts:
        n = t['metadata']['name']
        W(f'{out}/base/{n}/cronjob.yaml', Y(t['spec']['template']))
        W(f'{out}/base/{n}/kustomization.yaml', Y({'apiVersion': 'kustomize.config.k8s.io/v1beta1', 'kind': 'Kustomization', 'resources': ['cronjob.yaml']}))
    for c in cl:
        cn = c['metadata']['name']; res = []; pat = []
        for t in ts:
            n = t['metadata']['name']
            if not match(t['spec']['placement'], c): continue
            res.append(f'../../base/{n}')
            for k, o in enumerate(ovs(t, cn)):
                W(f'{out}/overlays/{cn}/patches/{n}-{k}.yaml', Y(smp(t, o))); pat.append({'path': f'patches/{n}-{k}.yaml'})
        W(f'{out}/overlays/{cn}/kustomization.yaml', Y({'apiVersion': 'kustomize.config.k8s.io/v1beta1', 'kind': 'Kustomization', 'resources': res, 'patches': pat}))


def selector(place):
    if 'regions' in place: return {'match': {'region': place['regions']}}
    if 'matchLabels' in place: return {'match': {'labels': place['matchLabels']}}
    return {'clusters': '*'}

def f_fleetcron(cl, ts, out):
    W(f'{out}/fleetcron.yaml', Y({'apiVersion': 'fleetcron.dev/v1alpha1', 'kind': 'Fleet', 'metadata': {'name': 'bench'}}))
    for c in cl:
        s = c['spec']
        W(f"{out}/clusters/{c['metadata']['name']}.yaml", Y({'apiVersion': 'fleetcron.dev/v1alpha1', 'kind': 'Cluster', 'metadata': c['metadata'],
            'spec': {'provider': s['provider'], 'region': s['region'], 'zones': [s['zone']]}}))
    for t in ts:
        m = t['spec']['template']['metadata']; s = t['spec']['template']['spec']; js = s['jobTemplate']['spec']
        job = {k: v for k, v in s.items() if k not in ('schedule', 'timeZone', 'jobTemplate')}
        job.update({k: v for k, v in js.items() if k != 'template'})
        pt = json.loads(json.dumps(js['template'])); job['restartPolicy'] = pt['spec'].pop('restartPolicy')
        names = [c['name'] for c in podspec(t)['containers']]; o2 = []
        for o in t['spec']['overrides']:
            cs = {n: {'image': {'registry': o['registry']}} for n in names}
            for e in o['env']: cs[e['container']].setdefault('env', {})[e['name']] = e['value']
            o2.append({'name': o['labels']['region-override'], 'clusters': o['clusters'], 'containers': cs, 'labels': o['labels'], 'pod': {'labels': o['labels']}})
        spec = {'placement': selector(t['spec']['placement']), 'schedule': {'cron': s['schedule'], 'timeZone': s['timeZone']}, 'job': job, 'podTemplate': pt}
        if o2: spec['overrides'] = o2
        W(f"{out}/tasks/{m['namespace']}/{m['name']}.yaml", Y({'apiVersion': 'fleetcron.dev/v1alpha1', 'kind': 'Task', 'metadata': m, 'spec': spec}))

def f_expect(cl, ts, out):
    for c in cl:
        cn = c['metadata']['name']
        for t in ts:
            if not match(t['spec']['placement'], c): continue
            d = json.loads(json.dumps(t['spec']['template'])); pt = d['spec']['jobTemplate']['spec']['template']
            for o in ovs(t, cn):
                d['metadata']['labels'].update(o['labels']); pt['metadata']['labels'].update(o['labels'])
                for k in pt['spec']['containers']:
                    k['image'] = reimage(k['image'], o['registry'])
                    k['env'] += [{'name': e['name'], 'value': e['value']} for e in o['env'] if e['container'] == k['name']]
            W(f"{out}/{cn}/{t['metadata']['name']}.json", json.dumps(d))

if __name__ == '__main__':
    ap = argparse.ArgumentParser(); ap.add_argument('--tasks', type=int, required=True); ap.add_argument('--clusters', type=int, required=True)
    ap.add_argument('--out', required=True); ap.add_argument('--format', default='fleetcron', choices=['fleetcron', 'kustomize', 'expect'])
    ap.add_argument('--seed', type=int, default=1); ap.add_argument('--everywhere', action='store_true'); ap.add_argument('--patch-pct', type=int, default=10)
    a = ap.parse_args(); cl, ts = corpus(a)
    globals()['f_' + a.format](cl, ts, a.out)
    man = sum(match(t['spec']['placement'], c) for t in ts for c in cl); pat = sum(len(o['clusters']) for t in ts for o in t['spec']['overrides'])
    print(f'{a.format}: {a.tasks} tasks x {a.clusters} clusters = {man} manifests, {pat} patched ({100 * pat / max(man, 1):.1f} %)', file=sys.stderr)
