/**
 * Leases and their returns as they stand in the heap, and what becomes of one that nobody holds any more. Every member must know
 * that, whether it uses managers or not: it may bury the last holder.
 */
import { type Family, registerDestroyer, releaseObject } from '../memory/family.ts';
import { GRANULE, wordIndex } from '../memory/heap.ts';
import { WAIT_LIST_WORDS, WaitList } from '../sync/wait-list.ts';

/** The numbers of these kinds among shared objects. */
export const RETURNS_KIND = 56;
export const LEASE_KIND = 57;

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

registerDestroyer(LEASE_KIND, (family, offset) => {
  const returns = returnsOf(family, offset);
  // Its maker was killed before it came to that: no server knows of it.
  if (returns === 0) return undefined;
  const words = family.heap.words(returns);
  const taker = Atomics.load(words, wordIndex(returns) + field.taker);
  if (taker !== 0 && family.members.isKnownGone(taker)) {
    releaseObject(family, returns);
    return undefined;
  }
  const own = family.heap.words(offset);
  const first = wordIndex(returns) + field.first;
  for (let seen = Atomics.load(words, first); ; ) {
    own[wordIndex(offset) + leaseField.next] = seen;
    // SYNC(returns): hands the lease, with what comes after it, to the taker.
    const found = Atomics.compareExchange(words, first, seen, offset / GRANULE);
    if (found === seen) break;
    seen = found;
  }
  new WaitList(family, returns + field.waiters * 4).notifyAll();
  return 'keep';
});

registerDestroyer(RETURNS_KIND, (family, offset) => {
  new WaitList(family, offset + field.waiters * 4).destroy();
});
