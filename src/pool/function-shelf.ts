import { queueMicrotask } from '../builtins.ts';
import { keepParcel, pack, unpackShared } from '../channel/transport.ts';
import { isUnchanged } from '../functions/capture.ts';
import type { Family } from '../memory/family.ts';
import { GRANULE, wordIndex } from '../memory/heap.ts';
import { discardParcel, type Parcel, parcelWords, readAttachments, viewParcel, writeParcel } from '../ring/parcel.ts';

// biome-ignore lint/suspicious/noExplicitAny: the pool checks the types of the functions that come here.
type AnyFunction = (...args: any[]) => unknown;

/** A function as it stands in a block for all workers. */
export interface Shelved {
  /** Never used twice, so that a worker can keep what it decoded. */
  readonly id: number;
  readonly granule: number;
  /** The function's name, for messages. */
  readonly name: string;
  /** Modules with top-level await must be imported before the function is decoded; nobody can tell here which have it. */
  readonly modules: readonly string[];
  /** What was encoded, to see whether the function is still the same. */
  readonly bytes: Uint8Array;
  /** How many tasks name it; freed at 0 once it is out of date, or the function is gone. */
  tasks: number;
  outdated: boolean;
  /** Where this member says that it holds what the function refers to. */
  readonly holds: number[] | undefined;
}

/** The owner's functions, each encoded once for as long as what it captured stays the same. */
export class FunctionShelf {
  readonly #family: Family;
  readonly #latest = new WeakMap<AnyFunction, Shelved>();
  readonly #all = new Set<Shelved>();
  /** A function that is gone is given to no task any more. */
  readonly #collected = new FinalizationRegistry<Shelved>((shelved) => this.#retire(shelved));
  #lastId = 0;
  /** The function that was found unchanged since the last turn of the microtasks. */
  #looked: AnyFunction | undefined;

  constructor(family: Family) {
    this.#family = family;
  }

  /** Has the function ready for one more task; throws `SerializationError` if it cannot travel. */
  borrow(fn: AnyFunction): Shelved {
    const latest = this.#latest.get(fn);
    if (latest !== undefined && this.#isUnchanged(fn)) {
      latest.tasks++;
      return latest;
    }
    const parcel = pack(this.#family, fn, 'fn');
    if (latest !== undefined && parcel.blobs.length === 0 && isSame(latest.bytes, parcel)) {
      discardParcel(this.#family, parcel);
      latest.tasks++;
      return latest;
    }
    const block = this.#store(parcel);
    const shelved: Shelved = {
      id: ++this.#lastId,
      granule: block / GRANULE,
      name: typeof fn.name === 'string' ? fn.name : '',
      modules: parcel.modules,
      bytes: keepParcel(parcel).bytes,
      tasks: 1,
      outdated: false,
      holds: parcel.holds,
    };
    if (latest !== undefined) this.#retire(latest);
    this.#latest.set(fn, shelved);
    this.#collected.register(fn, shelved);
    this.#all.add(shelved);
    return shelved;
  }

  #store(parcel: Parcel): number {
    try {
      const block = this.#family.allocator.allocate(parcelWords(parcel) * 4, this.#family.me);
      writeParcel(this.#family, block, wordIndex(block), parcel);
      return block;
    } catch (error) {
      discardParcel(this.#family, parcel);
      throw error;
    }
  }

  /**
   * The whole look takes 2 µs, a fifth of a small task: it is taken once in a stretch of synchronous code, during which only what
   * that code assigns to the function can change.
   */
  #isUnchanged(fn: AnyFunction): boolean {
    if (fn === this.#looked) return !hasAssigned(fn);
    if (!isUnchanged(fn)) return false;
    if (this.#looked === undefined) queueMicrotask(this.#forgetLook);
    this.#looked = fn;
    return true;
  }

  readonly #forgetLook = () => {
    this.#looked = undefined;
  };

  /** A task that named the function is settled. */
  giveBack(shelved: Shelved): void {
    shelved.tasks--;
    if (shelved.outdated && shelved.tasks === 0) this.#free(shelved);
  }

  /** Frees all functions: no worker is left. */
  clear(): void {
    for (const shelved of this.#all) this.#free(shelved);
  }

  #retire(shelved: Shelved): void {
    shelved.outdated = true;
    if (shelved.tasks === 0) this.#free(shelved);
  }

  #free(shelved: Shelved): void {
    if (!this.#all.delete(shelved)) return;
    const block = (shelved.granule >>> 0) * GRANULE;
    const attachments = readAttachments(this.#family.heap.words(block), wordIndex(block));
    discardParcel(this.#family, { ...attachments, holds: shelved.holds });
    this.#family.allocator.free(block);
  }
}

/** A function as a worker has it. */
export interface Known {
  readonly fn: AnyFunction;
  /** It has returned something, and it has returned a promise. */
  wasCalled: boolean;
  wasAsync: boolean;
}

/** A worker's functions, each decoded once. */
export class FunctionCache {
  /** More than this are decoded again when they come back. */
  static readonly #MOST = 1000;
  readonly #family: Family;
  readonly #decoded = new Map<number, Known>();
  #last: Known | undefined;
  #lastId = -1;

  constructor(family: Family) {
    this.#family = family;
  }

  has(id: number): boolean {
    return this.#decoded.has(id);
  }

  /** False of a function that has returned something, and never a promise. */
  mayBeAsync(id: number): boolean {
    const known = id === this.#lastId ? this.#last : this.#decoded.get(id);
    return known === undefined || !known.wasCalled || known.wasAsync;
  }

  get(id: number, granule: number): Known {
    if (id === this.#lastId) return this.#last!;
    let known = this.#decoded.get(id);
    if (known === undefined) {
      const { parcel, start } = viewParcel(this.#family, (granule >>> 0) * GRANULE);
      known = { fn: unpackShared(this.#family, parcel, start) as AnyFunction, wasCalled: false, wasAsync: false };
      if (this.#decoded.size >= FunctionCache.#MOST) this.#decoded.clear();
      this.#decoded.set(id, known);
    }
    this.#last = known;
    this.#lastId = id;
    return known;
  }
}

/** Whether somebody has put a property on a function by assignment; costs next to nothing where nobody has. */
function hasAssigned(fn: AnyFunction): boolean {
  for (const _ in fn) return true;
  return false;
}

function isSame(bytes: Uint8Array, parcel: Parcel): boolean {
  return Buffer.compare(bytes, parcel.bytes.subarray(0, parcel.length)) === 0;
}
