/**
 * Returns leases that no member holds any more to their server. Every member needs this, even one without managers, because it may reclaim the last
 * holder.
 */
import { lazy } from '../loading/lazy.ts';
import { granuleOf, wordIndex } from '../memory/heap.ts';
import { kinds } from '../memory/kinds.ts';
import { defineKind, releaseObject } from '../memory/object-kinds.ts';
import { WaitList } from '../sync/wait-list.ts';
import { field, leaseField, returnsOf } from './lease-blocks.ts';

const leases = lazy(() => require('./lease.ts') as typeof import('./lease.ts'));

defineKind(kinds.LEASE, {
  make: () => leases().Lease,
  destroy: (family, offset) => {
    const returns = returnsOf(family, offset);
    // The maker of the lease was killed before it wrote the word: no server knows the lease.
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
      const found = Atomics.compareExchange(words, first, seen, granuleOf(offset));
      if (found === seen) break;
      seen = found;
    }
    new WaitList(family, returns + field.waiters * 4).notifyAll();
    return 'keep';
  },
});

defineKind(kinds.RETURNS, {
  make: () => leases().Returns,
  destroy: (family, offset) => {
    new WaitList(family, offset + field.waiters * 4).destroy();
  },
});
