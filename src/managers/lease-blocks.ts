/** The layouts of leases and of their returns in the heap. */
import type { Family } from '../memory/family.ts';
import { placeOf, wordIndex } from '../memory/heap.ts';
import { line, objectStruct, word, words } from '../memory/struct.ts';
import { waitList } from '../sync/wait-list.ts';

/** The words of the returns. */
export const returnsLayout = objectStruct({
  /** The granule of the lease that was returned last, 0 if there is none. Members write it by one atomic operation each. */
  first: word,
  /** The member that takes the returned leases; it writes the word when it begins. */
  taker: word,
  waiters: waitList,
});
export const field = returnsLayout.at;

/** Words of a lease. */
export const leaseLayout = objectStruct({
  /** The granule of its returns; the maker writes it once. */
  returns: word,
  /** The granule of the lease that was returned before; written by the member that returns the lease. */
  next: word,
  rest: line(words(0)),
});
export const leaseField = leaseLayout.at;

/** Returns the place to which a lease goes when no member holds it any more. */
export function returnsOf(family: Family, lease: number): number {
  return placeOf(family.heap.words(lease)[wordIndex(lease) + leaseField.returns]!);
}
