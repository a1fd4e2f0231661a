#!/usr/bin/env python3
"""Measures `check` on small inputs that a stranger could write to make it slow or large: time and memory grow in
proportion to the input, or a message says which limit is met.

  benches/hostile.py [--binary target/release/fleetcron] [--only WORD] [--keep DIR]

Each case is built at a size and at twice that size. The line of a case shows the bytes of its input, CPU seconds and
peak memory of both, and the ratio of the two times. A ratio above 2.6 (where the time is long enough to be measured),
more than one second or more than 200 MiB is marked and makes the exit code 1. Nothing here is a test: seconds depend
on the machine, the ratio hardly does.
"""
import argparse, hashlib, os, resource, shutil, subprocess, sys, tempfile, zlib

API = 'apiVersion: fleetcron.dev/v1alpha1\n'
FLEET = API + 'kind: Fleet\nmetadata: {name: f}\nspec: {defaults: {namespace: batch, timeZone: Etc/UTC}}\n'


def clusters(n, spec='{}'):
    return '---\n'.join(f'{API}kind: Cluster\nmetadata: {{name: c{i}}}\nspec: {spec}\n' for i in range(1, n + 1))


def task(name, more='', container='{image: "a:1"}', schedule='"0 3 * * *"', placement='{clusters: "*"}', meta=''):
    return (f'{API}kind: Task\nmetadata: {{name: {name}{meta}}}\nspec:\n  placement: {placement}\n  schedule: {schedule}\n'
            f'  container: {container}\n{more}')


def overrides(items):
    return '  overrides:\n' + ''.join(f'  - {item}\n' for item in items)


def tasks(n, **more):
    return '---\n'.join(task(f't{i}', **more) for i in range(n))


def override_documents(n, spec):
    return '---\n'.join(f'{API}kind: Override\nmetadata: {{name: o{i}}}\nspec: {spec(i)}\n' for i in range(n))


def spread(n, by, strategy):
    place = ('{{region: r{0}, zones: [z{1}], capacity: {{{{allocatable: {{{{cpu: "64", memory: 256Gi, pods: "500"}}}}}}}}}}')
    all_of_them = '---\n'.join(
        f'{API}kind: Cluster\nmetadata: {{name: c{i}}}\nspec: '
        + place.format(i % (n // 6), i % (n // 2)).replace('{{', '{').replace('}}', '}') + '\n' for i in range(n))
    placement = f'{{clusters: "*", spread: {by}, strategy: {strategy}}}'
    return {'c.yaml': all_of_them, 't.yaml': task('t', '  instances: 2000000000\n', placement=placement)}


def one(text):
    return {'t.yaml': text}


def env(value):
    return task('t', container=f'{{image: "a:1", env: {{A: {value}}}}}')


def lines(n, line):
    return ''.join(line.format(i) for i in range(n))


CASES = {
    # name: (size, size -> files)
    'colons in a plain scalar': (50000, lambda n: one(f'{API}kind: Task\nspec: ' + ':' * n)),
    'a zone of many parts': (50000, lambda n: one(task('t', schedule='{cron: "0 3 * * *", timeZone: "' + 'a/' * (n // 2) + '"}'))),
    'undefined references': (10000, lambda n: one(env('"' + '$(var.x)' * n + '"'))),
    'undefined references, all different': (5000, lambda n: one(env('"' + lines(n, '$(var.x{0})') + '"'))),
    'undefined labels of a cluster': (5000, lambda n: one(env('"' + lines(n, '$(cluster.labels.x{0})') + '"'))),
    'references that are never closed': (10000, lambda n: one(env('"' + '$(var.x' * n + '"'))),
    'overrides that each set a variable': (5000, lambda n: one(task('t', overrides(
        f'{{name: o{i}, clusters: [c1], container: {{env: {{A{i}: b}}}}}}' for i in range(n))))),
    'one mistake under overrides': (2500, lambda n: one(task('t', '  job: {backoffLimit: -1}\n' + overrides(
        f'{{name: o{i}, clusters: [c1], container: {{env: {{A{i}: b}}}}}}' for i in range(n))))),
    'overrides that each make a mistake': (2500, lambda n: one(task('t', overrides(
        f'{{name: o{i}, clusters: [c1], container: {{env: {{"A {i}": b}}}}}}' for i in range(n))))),
    'overrides that each patch': (2500, lambda n: one(task('t', overrides(
        f'{{name: o{i}, clusters: [c1], patches: [{{merge: {{metadata: {{labels: {{l{i}: x}}}}}}}}]}}' for i in range(n))))),
    'overrides that change nothing': (2500, lambda n: one(task('t', overrides(
        f'{{name: o{i}, clusters: [c1], container: {{image: "a:1"}}}}' for i in range(n))))),
    'overrides x tasks that meet nothing': (1000, lambda n: {
        'o.yaml': override_documents(n, lambda i: f'{{match: {{region: [eu{i}]}}, container: {{env: {{A: b}}}}}}'), 't.yaml': tasks(n)}),
    'overrides x tasks, unknown clusters': (1000, lambda n: {
        'o.yaml': override_documents(n, lambda i: f'{{clusters: [x{i}], container: {{env: {{A: b}}}}}}'), 't.yaml': tasks(n)}),
    'overrides x tasks, unknown labels': (1000, lambda n: {
        'o.yaml': override_documents(n, lambda i: f'{{match: {{labels: {{l: x{i}}}}}, container: {{env: {{A: b}}}}}}'), 't.yaml': tasks(n)}),
    'one override on many tasks, unknown': (10000, lambda n: {
        'o.yaml': override_documents(1, lambda i: '{clusters: [x], container: {env: {A: b}}}'), 't.yaml': tasks(n)}),
    'a deep pointer of a JSON patch': (50000, lambda n: one(task('t', overrides(
        ['{name: o, clusters: [c1], patches: [{json: [{op: add, path: "' + '/a' * (n // 2) + '", value: 1}]}]}'])))),
    'many mistakes': (45000, lambda n: one(task('t', lines(n, '  x{0}: 1\n')))),
    'many mistakes of one kind': (45000, lambda n: one(task('t', '  pod: {tolerations: [' + '{operator: X}, ' * n + ']}\n'))),
    'many tasks with one mistake each': (5000, lambda n: {'t.yaml': tasks(n, schedule='"61 3 * * *"')}),
    'a mistake in a long value': (3_500_000, lambda n: one(task('t', f'  description: ["{"x" * n}"]\n'))),
    'a long unknown name': (3_500_000, lambda n: one(task('t', f'  ? {"x" * n}\n  : 1\n'))),
    'a long schedule': (1_000_000, lambda n: one(task('t', schedule='"' + '1,' * (n // 2) + '1 3 * * *"'))),
    'a long image': (500_000, lambda n: one(task('t', container='{image: "' + 'a/' * (n // 2) + 'A:1"}'))),
    'secrets: colons': (200_000, lambda n: one(task('t', '  x: 1\n') + '# ' + ':' * n + '\n  : :')),
    'secrets: users': (50_000, lambda n: one(task('t', f'  x: "{"://a" * n}"\n'))),
    'secrets: settings': (50_000, lambda n: one(task('t', f'  x: "{"token=" * n}"\n'))),
    'secrets: settings that are apart': (50_000, lambda n: one(task('t', f'  x: "{"token=a " * n}"\n'))),
    'secrets: quotes': (50_000, lambda n: one(task('t', "  x: '" + 'token="' * n + "'\n"))),
    'secrets: elements': (50_000, lambda n: one(task('t', f'  x: "{"<token>" * n}"\n'))),
    'secrets: options': (50_000, lambda n: one(task('t', f'  x: "{"curl -u a:b " * n}"\n'))),
    'secrets: broken document': (50_000, lambda n: one('kind: Secret\n' + API + 'x: [' + 'token: ' * n)),
    'secrets: lines of a broken file': (50_000, lambda n: one(API + 'kind: Task\nx: [\n' + 'token: a\n' * n)),
    'spread over regions, zones and clusters': (150, lambda n: spread(
        n, '[{by: region, min: 2, max: 1000}, {by: zone, min: 1, max: 1000}, {by: cluster, min: 50, max: 2000}]', 'Aggregated')),
    'spread over regions and clusters': (150, lambda n: spread(n, '[{by: region, min: 2, max: 1000}, {by: cluster, min: 50, max: 2000}]', 'Aggregated')),
    'spread over zones and clusters': (150, lambda n: spread(n, '[{by: zone, min: 1, max: 1000}, {by: cluster, min: 50, max: 2000}]', 'Aggregated')),
}


def measure(binary, folder, arguments=('check',)):
    child = subprocess.Popen([binary, *arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (60, 60)))
    _, status, usage = os.wait4(child.pid, 0)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)


def write(folder, files):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for name, text in {'fleetcron.yaml': FLEET, 'c.yaml': clusters(2), **files}.items():
        with open(os.path.join(folder, name), 'w') as file:
            file.write(text)
    return sum(os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder))


def tree_bomb(folder, depth):
    """A commit of a few KB of objects that names 10^depth files."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    subprocess.run(['git', 'init', '-q'], cwd=folder, check=True)

    def add(kind, data):
        whole = kind + b' ' + str(len(data)).encode() + b'\0' + data
        name = hashlib.sha1(whole).hexdigest()
        path = os.path.join(folder, '.git/objects', name[:2])
        os.makedirs(path, exist_ok=True)
        with open(os.path.join(path, name[2:]), 'wb') as file:
            file.write(zlib.compress(whole))
        return name
    entries = b''.join(b'100644 %d.yaml\0' % i + bytes.fromhex(add(b'blob', b'a: b\n')) for i in range(10))
    for _ in range(depth - 1):
        below = bytes.fromhex(add(b'tree', entries))
        entries = b''.join(b'40000 d%d\0' % i + below for i in range(10))
    tree = add(b'tree', entries)
    return add(b'commit', b'tree %s\nauthor a <a@b> 1 +0000\ncommitter a <a@b> 1 +0000\n\nm\n' % tree.encode())


parser = argparse.ArgumentParser()
parser.add_argument('--binary', default=os.path.join(os.path.dirname(os.path.abspath(__file__)), '../target/release/fleetcron'))
parser.add_argument('--only', default='')
parser.add_argument('--keep')
a = parser.parse_args()
binary = os.path.abspath(a.binary)
work = a.keep or tempfile.mkdtemp()
bad = 0


def show(name, sizes, results):
    global bad
    (cpu, rss, code), (cpu2, rss2, code2) = results
    marks = [mark for mark, on in (('SLOW', cpu2 > 1), ('LARGE', rss2 > 200), ('RATIO', cpu2 > 0.2 and cpu2 / cpu > 2.6),
                                   ('EXIT', code not in (0, 1, 2) or code2 not in (0, 1, 2))) if on]
    bad += bool(marks)
    print(f'{name:42} {sizes[0]:>9} {sizes[1]:>9} B  {cpu:6.2f} {cpu2:6.2f} s  x{cpu2 / max(cpu, 0.001):5.1f}  '
          f'{rss:5.0f} {rss2:5.0f} MiB  exit {code2} {" ".join(marks)}', flush=True)


try:
    for number, (name, (size, make)) in enumerate(CASES.items()):
        if a.only in name:
            folders = [os.path.join(work, f'{number}-{i}') for i in (1, 2)]
            sizes = [write(folder, make(size * i)) for i, folder in zip((1, 2), folders)]
            show(name, sizes, [measure(binary, folder) for folder in folders])
    if a.only in 'a tree that names itself':
        found = []
        for depth in (5, 6, 7):
            commit = tree_bomb(f'{work}/bomb', depth)
            found.append(measure(binary, f'{work}/bomb', ('check', '--at', commit)))
            show(f'a tree of 10^{depth} files', (0, 0), (found[-1], found[-1]))
finally:
    if not a.keep:
        shutil.rmtree(work)
sys.exit(1 if bad else 0)
