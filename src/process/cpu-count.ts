import { os } from '../engine/builtins.ts';
import { cpuQuota } from '../platform/control-groups.ts';

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
  return Math.max(1, Math.min(os.availableParallelism(), Math.ceil(cpuQuota(''))));
}
