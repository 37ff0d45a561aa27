import { memoryLimit } from '../platform/control-groups.ts';

const MEBIBYTE = 2 ** 20;
/** What processes need besides the heap, at least as long as that leaves something. */
const RESERVE = 128 * MEBIBYTE;

/**
 * How many KiB the heap of a new family may hold: the MiB in the environment variable MULTIPROC_HEAP_LIMIT, or three quarters of the
 * memory that there is, and no less than a quarter where the processes need the rest. A `RangeError` for what is no whole number from 1 on.
 */
export function heapLimit(): number {
  const said = process.env.MULTIPROC_HEAP_LIMIT;
  if (said !== undefined && said !== '') {
    if (/^[1-9]\d{0,5}$/.test(said)) return Number(said) * 1024;
    throw new RangeError(`MULTIPROC_HEAP_LIMIT must be a whole number of MiB from 1 on, not '${said}'`);
  }
  return shareOf(memoryLimit(''));
}

/** What a heap may take of so many bytes of memory, in KiB. */
export function shareOf(bytes: number): number {
  return Math.floor(Math.max(bytes / 4, Math.min((bytes * 3) / 4, bytes - RESERVE)) / 1024);
}
