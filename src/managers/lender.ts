import { family } from '../memory/family.ts';
import { locate } from '../memory/shared-object.ts';
import { freeLease, Lease, type Returns, renewLease } from './lease.ts';

/** The objects that this thread has lent to members of the family, by their keys, until all members have released them. */
export class Lender<K> {
  readonly returns: Returns;
  readonly #keys = new Map<number, K>();
  readonly #offsets = new Map<K, number>();

  /** `onReturn` is called with the key of each returned object. */
  constructor(returns: Returns, onReturn: (key: K) => void) {
    this.returns = returns;
    returns.take((offsets) => {
      for (const offset of offsets) {
        const key = this.#keys.get(offset);
        this.#keys.delete(offset);
        freeLease(family(), offset);
        if (key === undefined) continue;
        this.#offsets.delete(key);
        onReturn(key);
      }
    });
  }

  isLent(key: K): boolean {
    return this.#offsets.has(key);
  }

  /** Takes over a lease that another member has made. */
  adopt(key: K, lease: Lease): void {
    const { offset } = locate(lease);
    this.#keys.set(offset, key);
    this.#offsets.set(key, offset);
    if (!lease.isOfProxy) lease.close();
  }

  /** Returns the lease of `key`; makes one if there is none. Close it when it has been sent. */
  lend(key: K): Lease {
    const offset = this.#offsets.get(key);
    const known = offset === undefined ? undefined : renewLease(family(), offset);
    if (known !== undefined) return known;
    // A lease that is being returned does not count any more.
    if (offset !== undefined) this.#keys.delete(offset);
    const lease = new Lease(this.returns);
    const place = locate(lease).offset;
    this.#keys.set(place, key);
    this.#offsets.set(key, place);
    return lease;
  }

  close(): void {
    this.returns.close();
  }
}
