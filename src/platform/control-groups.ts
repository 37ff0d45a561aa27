import { os } from '../engine/builtins.ts';
import { kernelText } from './kernel-text.ts';

/** The folder of a control group; groups of version 2 have all their files in one, those of version 1 one for each controller. */
interface ControlGroup {
  readonly folder: string;
  readonly version: 1 | 2;
}

/** Returns the folders of the control groups that limit this process by one controller, such as `cpu`: its own group and those above it. `at` is put before each path. */
function controlGroups(at: string, controller: string): ControlGroup[] {
  const found: ControlGroup[] = [];
  for (const line of kernelText(`${at}/proc/self/cgroup`).split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (path === undefined || controllers === undefined) continue;
    const root = `${at}/sys/fs/cgroup`;
    if (controllers === '') found.push(...upwards(root, path).map((folder) => ({ folder, version: 2 as const })));
    else if (controllers.split(',').includes(controller)) {
      found.push(...upwards(`${root}/${controller}`, path).map((folder) => ({ folder, version: 1 as const })));
    }
  }
  return found;
}

/** Returns the bytes of memory that the control groups of this process may use: those of the machine, or fewer if the groups have a limit. */
export function memoryLimit(at: string): number {
  let limit = os.totalmem();
  for (const { folder, version } of controlGroups(at, 'memory')) {
    for (const file of version === 2 ? ['memory.max', 'memory.high'] : ['memory.limit_in_bytes']) {
      const text = kernelText(`${folder}/${file}`).trim();
      // `max` means no limit; version 1 has a number beyond all memory instead.
      if (/^\d+$/.test(text)) limit = Math.min(limit, Number(text));
    }
  }
  return limit;
}

/** Returns the CPUs that the control groups of this process allow, `Infinity` if none has a quota. */
export function cpuQuota(at: string): number {
  let quota = Number.POSITIVE_INFINITY;
  for (const { folder, version } of controlGroups(at, 'cpu')) {
    const files = version === 2 ? ['cpu.max'] : ['cpu.cfs_quota_us', 'cpu.cfs_period_us'];
    quota = Math.min(quota, quotaOf(files.map((file) => kernelText(`${folder}/${file}`)).join(' ')));
  }
  return quota;
}

/** Parses `150000 100000`: the first number of microseconds in the second. `max` or -1 is no quota. */
function quotaOf(text: string): number {
  const [quota, period] = text.trim().split(/\s+/).map(Number);
  return quota !== undefined && period !== undefined && quota > 0 && period > 0
    ? quota / period
    : Number.POSITIVE_INFINITY;
}

/** Returns the folder of a group and those above it. Inside a container the path may not exist; then the root has the limits. */
function upwards(root: string, path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '..');
  return parts.map((_, i) => `${root}/${parts.slice(0, parts.length - i).join('/')}`).concat(root);
}
