import { memoryLimit } from '../platform/control-groups.ts';

const MEBIBYTE = 2 ** 20;
/** The memory that processes need besides the heap. */
const RESERVE = 128 * MEBIBYTE;

/**
 * Returns how many KiB the heap of a new family may hold: the MiB in the environment variable MULTIPROC_HEAP_LIMIT, or three quarters of
 * the available memory, or less, but at least a quarter, if processes need the rest. Throws a `RangeError` if the variable is not an
 * integer from 1 on.
 */
export function heapLimit(): number {
  const said = process.env.MULTIPROC_HEAP_LIMIT;
  if (said !== undefined && said !== '') {
    if (/^[1-9]\d{0,5}$/.test(said)) return Number(said) * 1024;
    throw new RangeError(`MULTIPROC_HEAP_LIMIT must be a whole number of MiB from 1 on, not '${said}'`);
  }
  return shareOf(memoryLimit(''));
}

/** Returns the part of this many bytes of memory that a heap may take, in KiB. */
export function shareOf(bytes: number): number {
  return Math.floor(Math.max(bytes / 4, Math.min((bytes * 3) / 4, bytes - RESERVE)) / 1024);
}
