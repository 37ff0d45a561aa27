import { StateError } from '../../contracts/errors.ts';
import type { WaitOptions } from '../../contracts/options.ts';
import type { Caller } from '../caller.ts';
import type { Client } from '../client.ts';
import { type ServedMethods, type ServedObject, serve } from '../served-object.ts';
import { waiting } from './served-queue.ts';

/** A served `Lock`, `Semaphore` or `BoundedSemaphore`; all its waiters are those of the server. */
interface Underlying {
  acquire(options?: WaitOptions): Promise<boolean>;
  tryAcquire(): boolean;
  release(): void;
  locked(): boolean;
  getValue?(): number;
}

/**
 * The clients that hold a lock or units of a semaphore. What a client holds is released when the client is gone, and the next client finds it
 * abandoned.
 */
class Holders {
  readonly #lock: Underlying;
  /** True if only the holder may release it. */
  readonly #isOwned: boolean;
  readonly #held = new Map<Client, { count: number; forget: () => void }>();
  #wasAbandoned = false;
  #isAbandoned = false;

  constructor(lock: Underlying, isOwned: boolean) {
    this.#lock = lock;
    this.#isOwned = isOwned;
  }

  get abandoned(): boolean {
    return this.#isAbandoned;
  }

  holds(client: Client): boolean {
    return this.#held.has(client);
  }

  acquire(caller: Caller, options: WaitOptions | undefined): boolean | Promise<boolean> {
    if (this.#lock.tryAcquire()) return this.#hold(caller.client);
    if (options?.timeout === 0) return false;
    return this.#lock.acquire(waiting(caller, options)).then((acquired) => acquired && this.#hold(caller.client));
  }

  release(client: Client): void {
    if (this.#isOwned && !this.holds(client))
      throw new StateError('Only the client that holds this lock may release it.');
    this.#lock.release();
    // Any client may release what another holds, as in Python.
    const holder = this.holds(client) ? client : this.#held.keys().next().value;
    if (holder !== undefined) this.#forget(holder);
    this.#isAbandoned = false;
  }

  /** A condition releases the lock for the client. Returns a function that notes that the client has taken it again. */
  setAside(client: Client): () => void {
    this.#forget(client);
    this.#isAbandoned = false;
    return () => void this.#hold(client);
  }

  #hold(client: Client): boolean {
    this.#isAbandoned = this.#wasAbandoned;
    this.#wasAbandoned = false;
    if (client.hasEnded) {
      this.#abandon();
      return false;
    }
    const held = this.#held.get(client);
    if (held !== undefined) held.count++;
    else this.#held.set(client, { count: 1, forget: client.onEnd(() => this.#abandonAll(client)) });
    return true;
  }

  #forget(client: Client): void {
    const held = this.#held.get(client);
    if (held === undefined || --held.count > 0) return;
    held.forget();
    this.#held.delete(client);
  }

  #abandonAll(client: Client): void {
    const { count } = this.#held.get(client)!;
    this.#held.delete(client);
    for (let i = 0; i < count; i++) this.#abandon();
  }

  #abandon(): void {
    this.#wasAbandoned = true;
    this.#isAbandoned = false;
    this.#lock.release();
  }
}

/** Returns the methods by which clients acquire and release. */
function lockMethods(lock: Underlying, holders: Holders): ServedMethods {
  return {
    acquire: (caller, options) => holders.acquire(caller, options),
    tryAcquire: (caller) => holders.acquire(caller, { timeout: 0 }),
    release: (caller) => holders.release(caller.client),
    locked: () => lock.locked(),
    abandoned: () => holders.abandoned,
    ...(lock.getValue && { getValue: () => lock.getValue!() }),
  };
}

/** A served lock, of which a condition can be made. */
export interface ServedLock extends ServedObject {
  readonly lock: Underlying;
  readonly holders: Holders;
}

/** Serves a lock that clients share. `type` is its kind; an `rlock` may be released only by its holder. */
export function servedLock(type: string, lock: Underlying): ServedLock {
  const holders = new Holders(lock, type === 'rlock');
  return Object.assign(serve(type, lockMethods(lock, holders)), { lock, holders });
}
