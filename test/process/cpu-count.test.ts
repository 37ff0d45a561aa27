import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { cpuQuota } from '#dist/platform/control-groups.js';
import { folderWith } from '../folder.ts';

/** `cpuCount()` of a program of its own. */
function count(env: Record<string, string>, ...before: string[]): string {
  const program = `import { cpuCount } from 'multiproc';
    try { console.log(cpuCount()); } catch (error) { console.log(error.name, error.message); }`;
  const [file, ...args] = [...before, process.execPath, '--input-type=module', '-e', program];
  return execFileSync(file as string, args, { env: { ...process.env, ...env }, encoding: 'utf8' }).trim();
}

test('cpuCount respects the CPUs that a program is bound to', () => {
  assert.equal(count({}, 'taskset', '-c', '0'), '1');
});

test('MULTIPROC_CPU_COUNT says how many CPUs there are', () => {
  assert.equal(count({ MULTIPROC_CPU_COUNT: '7' }), '7');
  assert.equal(count({ MULTIPROC_CPU_COUNT: '' }, 'taskset', '-c', '0'), '1');
  for (const wrong of ['0', '-1', '1.5', 'all']) {
    assert.match(count({ MULTIPROC_CPU_COUNT: wrong }), /^RangeError MULTIPROC_CPU_COUNT must be .* not '/);
  }
});

test('the quotas of control groups hold, of both versions, and those of the groups above', () => {
  const quota = (files: Record<string, string>) => cpuQuota(folderWith(files));
  const cgroup = 'proc/self/cgroup';
  assert.equal(quota({}), Number.POSITIVE_INFINITY);
  assert.equal(quota({ [cgroup]: '0::/a/b\n', 'sys/fs/cgroup/a/b/cpu.max': 'max 100000\n' }), Number.POSITIVE_INFINITY);
  assert.equal(quota({ [cgroup]: '0::/a/b\n', 'sys/fs/cgroup/a/b/cpu.max': '150000 100000\n' }), 1.5);
  // The group above allows less.
  const nested = { 'sys/fs/cgroup/a/b/cpu.max': '400000 100000\n', 'sys/fs/cgroup/a/cpu.max': '50000 100000\n' };
  assert.equal(quota({ [cgroup]: '0::/a/b\n', ...nested }), 0.5);
  // In a container the path is the host's, and the root is the group itself.
  assert.equal(quota({ [cgroup]: '0::/docker/x\n', 'sys/fs/cgroup/cpu.max': '200000 100000\n' }), 2);
  const old = {
    'sys/fs/cgroup/cpu/a/cpu.cfs_quota_us': '300000\n',
    'sys/fs/cgroup/cpu/a/cpu.cfs_period_us': '100000\n',
    'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
    'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
  };
  assert.equal(quota({ [cgroup]: '5:cpuset:/z\n4:cpu,cpuacct:/a\n', ...old }), 3);
});
