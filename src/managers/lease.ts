import type { Family } from '../memory/family.ts';
import { granuleOf, placeOf, wordIndex } from '../memory/heap.ts';
import { kinds } from '../memory/kinds.ts';
import { releaseObject, retainObject } from '../memory/object-kinds.ts';
import { Existing, locate, SharedObject } from '../memory/shared-object.ts';
import { WaitQueue } from '../sync/wait-queue.ts';
import { NOT_YET } from '../waits/attempt.ts';
import { field, leaseField, leaseLayout, returnsLayout, returnsOf } from './lease-blocks.ts';

/**
 * The place to which leases return: a stack of leases that no member holds any more (Treiber's, of which all are taken at once). One
 * member takes them. See README.md, "References".
 */
export class Returns extends SharedObject {
  readonly #family: Family;
  readonly #offset: number;
  #waiters: WaitQueue | undefined;

  constructor(existing?: Existing) {
    super(kinds.RETURNS, existing ?? returnsLayout.words);
    const { family, offset } = locate(this);
    this.#family = family;
    this.#offset = offset;
  }

  /** Makes this member the taker: calls back with the places of returned leases, until this object is closed. */
  take(onReturn: (leases: readonly number[]) => void): void {
    const { family, offset } = locate(this);
    const words = family.heap.words(offset);
    Atomics.store(words, wordIndex(offset) + field.taker, family.me);
    const waiters = new WaitQueue(family, offset + field.waiters * 4, {
      isReady: () => Atomics.load(words, wordIndex(offset) + field.first) !== 0,
      isBackground: true,
    });
    this.#waiters = waiters;
    const attempt = () => {
      const leases = this.#takeAll();
      return leases.length === 0 ? NOT_YET : leases;
    };
    const next = (): void => {
      waiters
        .wait<readonly number[]>(attempt, undefined, () => [])
        .then((leases) => {
          try {
            onReturn(leases);
          } finally {
            next();
          }
        })
        // Closed.
        .catch(() => {});
    };
    next();
  }

  override close(): void {
    this.#waiters?.close(new Error('closed'));
    super.close();
  }

  /** Takes all returned leases; their blocks are ours until `freeLease`. */
  #takeAll(): number[] {
    const { heap } = this.#family;
    // SYNC(returns): sees what the member that returned the lease wrote into it.
    let granule = Atomics.exchange(heap.words(this.#offset), wordIndex(this.#offset) + field.first, 0);
    const leases: number[] = [];
    while (granule !== 0) {
      const lease = placeOf(granule);
      leases.push(lease);
      granule = heap.words(lease)[wordIndex(lease) + leaseField.next]!;
    }
    return leases;
  }
}

/** Stands for one object of a server: the object stays as long as a member holds the lease or a message contains it. */
export class Lease extends SharedObject {
  /** True if a proxy of this thread has the lease: the lease is one object here, even if this thread is the server. */
  isOfProxy = false;

  constructor(returns: Returns | Existing) {
    super(kinds.LEASE, returns instanceof Existing ? returns : leaseLayout.words);
    if (returns instanceof Existing) return;
    const place = locate(returns);
    const { family, offset } = locate(this);
    retainObject(family, place.offset);
    family.heap.words(offset)[wordIndex(offset) + leaseField.returns] = granuleOf(place.offset);
  }
}

/**
 * Returns the lease at `offset`, which this member then holds too, unless the lease is being returned. Only for the taker, before it
 * frees the block.
 */
export function renewLease(family: Family, offset: number): Lease | undefined {
  if (!family.counts.retainIfHeld(offset)) return undefined;
  const lease = new Lease(new Existing(offset));
  releaseObject(family, offset);
  return lease;
}

/** Frees the block of a returned lease. */
export function freeLease(family: Family, offset: number): void {
  const returns = returnsOf(family, offset);
  family.allocator.free(offset);
  releaseObject(family, returns);
}
