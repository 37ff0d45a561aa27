import { os } from '../builtins.ts';
import { controlGroups, readGroupFile } from '../platform/control-groups.ts';

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
  for (const { folder, version } of controlGroups(at, 'cpu')) {
    const files = version === 2 ? ['cpu.max'] : ['cpu.cfs_quota_us', 'cpu.cfs_period_us'];
    quota = Math.min(quota, quotaOf(files.map((file) => readGroupFile(`${folder}/${file}`)).join(' ')));
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
