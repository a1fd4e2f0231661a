#!/usr/bin/env python3
"""Measures fleetcron against what stands beside it on the same machine: kubectl kustomize, and raw file writes.

  benches/measure.py [--tasks 200] [--clusters 50] [--rounds 5] [--binary target/release/fleetcron] [--no-kustomize]

Prints CPU seconds (user+system, the best of the rounds), ratios, and peak memory. Nothing here is a test: figures
depend on the machine, ratios less so. `check.py` proves first that what is measured is right.
"""
import argparse, os, resource, shutil, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def cpu(command, **more):
    """CPU seconds and peak memory (KiB) of one command."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f'{command} failed with {status}')
    return usage.ru_utime + usage.ru_stime, usage.ru_utime, usage.ru_stime, usage.ru_maxrss


def raw_writes(source, target):
    """Writes the same files with the same bytes, each by a temporary sibling and a rename."""
    before = os.times()
    for folder, _, names in os.walk(source):
        there = os.path.join(target, os.path.relpath(folder, source))
        os.makedirs(there, exist_ok=True)
        for name in names:
            with open(os.path.join(folder, name), 'rb') as file:
                data = file.read()
            with open(os.path.join(there, name + '.tmp'), 'wb') as file:
                file.write(data)
            os.rename(os.path.join(there, name + '.tmp'), os.path.join(there, name))
    after = os.times()
    return after.user - before.user + after.system - before.system


parser = argparse.ArgumentParser()
parser.add_argument('--tasks', type=int, default=200)
parser.add_argument('--clusters', type=int, default=50)
parser.add_argument('--rounds', type=int, default=5)
parser.add_argument('--binary', default=os.path.join(HERE, '../target/release/fleetcron'))
parser.add_argument('--no-kustomize', action='store_true')
a = parser.parse_args()
work = tempfile.mkdtemp()
try:
    for form in ('fleetcron', 'expect', 'kustomize'):
        subprocess.run([sys.executable, f'{HERE}/corpus.py', '--tasks', str(a.tasks), '--clusters', str(a.clusters),
                        '--out', f'{work}/{form}', '--format', form], check=True, stderr=subprocess.DEVNULL)
    build = [a.binary, 'build', '--root', f'{work}/fleetcron', '--out', f'{work}/out']
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([sys.executable, f'{HERE}/check.py', f'{work}/expect', f'{work}/out'], check=True)

    def full(at=iter(range(10 ** 6))):
        # A new folder each time: on ext4, creating files where as many were just deleted costs many times as much.
        return cpu(build[:-1] + [f'{work}/out-{next(at)}'])

    # The three by turns: a machine that is slow for a while is slow for all of them.
    rounds = [(cpu([a.binary, 'plan', '--root', f'{work}/fleetcron']), full(), cpu(build)) for _ in range(a.rounds)]
    compile_only, fresh, again = (min(figures) for figures in zip(*rounds))
    print(f'full build        {fresh[0]:.3f} s CPU (user {fresh[1]:.3f}, system {fresh[2]:.3f}), peak {fresh[3] / 1024:.0f} MiB')
    print(f'nothing changed   {again[0]:.3f} s CPU, {again[0] / fresh[0]:.2f} of the full build')
    print(f'compile, no write {compile_only[0]:.3f} s CPU')
    stages = subprocess.run(build[:-1] + [f'{work}/out-stages', '-v'], check=True, capture_output=True, text=True).stderr
    print('stages, wall      ' + next(line for line in stages.splitlines() if 'understanding' in line)[len('note: '):])
    print(f'raw writes        {raw_writes(f"{work}/out", f"{work}/raw"):.3f} s CPU for the same files from a script')
    if not a.no_kustomize and shutil.which('kubectl'):
        total = sum(cpu(['kubectl', 'kustomize', f'{work}/kustomize/overlays/{name}'])[0]
                    for name in sorted(os.listdir(f'{work}/kustomize/overlays')))
        print(f'kubectl kustomize {total:.1f} s CPU over the same overlays: fleetcron spends 1/{total / fresh[0]:.0f} of it')
finally:
    shutil.rmtree(work)
