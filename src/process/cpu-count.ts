import { os } from '../engine/builtins.ts';
import { controlGroups, readGroupFile } from '../platform/control-groups.ts';

/**
 * Returns the number of CPUs that this process may use, by affinity and by the quotas of its control groups; fractions are rounded up.
 * The environment variable MULTIPROC_CPU_COUNT overrides the number; a value that is not an integer from 1 on throws a `RangeError`.
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

/**
 * Returns the CPUs that the control groups from this process's own up to the root allow, `Infinity` if none has a quota. `at` goes before
 * every path.
 */
export function cgroupQuota(at: string): number {
  let quota = Number.POSITIVE_INFINITY;
  for (const { folder, version } of controlGroups(at, 'cpu')) {
    const files = version === 2 ? ['cpu.max'] : ['cpu.cfs_quota_us', 'cpu.cfs_period_us'];
    quota = Math.min(quota, quotaOf(files.map((file) => readGroupFile(`${folder}/${file}`)).join(' ')));
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
