import { fs, os } from '../builtins.ts';

/**
 * How many CPUs this process may use: affinity and the quotas of its control groups are respected, fractions are rounded up. The
 * environment variable MULTIPROC_CPU_COUNT says otherwise; a `RangeError` if it is no whole number from 1 on.
 *
 * @example
 * ```ts
 * import { cpuCount } from 'multiproc';
 * import assert from 'node:assert';
 *
 * assert.ok(cpuCount() >= 1);
 * ```
 */
export function cpuCount(): number {
  const said = process.env.MULTIPROC_CPU_COUNT;
  if (said !== undefined && said !== '') {
    if (/^[1-9]\d{0,5}$/.test(said)) return Number(said);
    throw new RangeError(`MULTIPROC_CPU_COUNT must be a whole number from 1 on, not '${said}'`);
  }
  return Math.max(1, Math.min(os.availableParallelism(), Math.ceil(cgroupQuota(''))));
}

/** CPUs that the control groups from this process's own up to the root allow, `Infinity` where none says; `at` is before every path. */
export function cgroupQuota(at: string): number {
  let quota = Number.POSITIVE_INFINITY;
  for (const line of read(`${at}/proc/self/cgroup`).split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (path === undefined || controllers === undefined) continue;
    if (controllers === '') {
      for (const folder of upwards(`${at}/sys/fs/cgroup`, path))
        quota = Math.min(quota, quotaOf(read(`${folder}/cpu.max`)));
    } else if (controllers.split(',').includes('cpu')) {
      for (const folder of upwards(`${at}/sys/fs/cgroup/cpu`, path)) {
        quota = Math.min(
          quota,
          quotaOf(`${read(`${folder}/cpu.cfs_quota_us`)} ${read(`${folder}/cpu.cfs_period_us`)}`),
        );
      }
    }
  }
  return quota;
}

/** `150000 100000`: so many microseconds in so many; `max` or -1 is no quota. */
function quotaOf(text: string): number {
  const [quota, period] = text.trim().split(/\s+/).map(Number);
  return quota !== undefined && period !== undefined && quota > 0 && period > 0
    ? quota / period
    : Number.POSITIVE_INFINITY;
}

/** The folder of a group and those above it; inside a container the path may not exist, the root then speaks for it. */
function upwards(root: string, path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '..');
  return parts.map((_, i) => `${root}/${parts.slice(0, parts.length - i).join('/')}`).concat(root);
}

function read(file: string): string {
  try {
    return fs.readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
