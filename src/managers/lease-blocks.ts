/** Leases and their returns as they stand in the heap. */
import type { Family } from '../memory/family.ts';
import { GRANULE, wordIndex } from '../memory/heap.ts';
import { WAIT_LIST_WORDS } from '../sync/wait-list.ts';

/** Words of the returns, after those of every shared object. */
export const field = {
  /** The granule of the lease that was returned last, 0 if there is none. Members write it by one atomic operation each. */
  first: 2,
  /** The member that takes the returned leases; it writes the word when it begins. */
  taker: 3,
  waiters: 16,
} as const;
/** The number of these words. */
export const RETURNS_WORDS = field.waiters + WAIT_LIST_WORDS;

/** Words of a lease. */
export const leaseField = {
  /** The granule of its returns; the maker writes it once. */
  returns: 2,
  /** The granule of the lease that was returned before; written by the member that returns the lease. */
  next: 3,
  words: 16,
} as const;

/** Returns the place to which a lease goes when no member holds it any more. */
export function returnsOf(family: Family, lease: number): number {
  return (family.heap.words(lease)[wordIndex(lease) + leaseField.returns]! >>> 0) * GRANULE;
}
