/** Leases and their returns as they stand in the heap. */
import type { Family } from '../memory/family.ts';
import { GRANULE, wordIndex } from '../memory/heap.ts';
import { WAIT_LIST_WORDS } from '../sync/wait-list.ts';

/** Words of the returns, behind those of every shared object. */
export const field = {
  /** The granule of the lease that came back last, 0 if there is none; each change is one atomic operation. */
  first: 2,
  /** The member that takes them; written by it when it begins. */
  taker: 3,
  waiters: 16,
} as const;
/** How many those are. */
export const RETURNS_WORDS = field.waiters + WAIT_LIST_WORDS;

/** Words of a lease. */
export const leaseField = {
  /** The granule of its returns; written once, by who makes it. */
  returns: 2,
  /** The granule of the lease that came back before; written by who gives it back. */
  next: 3,
  words: 16,
} as const;

/** Where a lease goes when nobody holds it any more. */
export function returnsOf(family: Family, lease: number): number {
  return (family.heap.words(lease)[wordIndex(lease) + leaseField.returns]! >>> 0) * GRANULE;
}
