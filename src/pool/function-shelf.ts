import { queueMicrotask } from '../builtins.ts';
import { contentsAmong } from '../channel/contents.ts';
import { type PackedParcel, packUnlessStored, unpackShared } from '../channel/transport.ts';
import { type ArrivingContent, contentChanges, contentsArrived } from '../codec/captured-contents.ts';
import { isUnchanged } from '../functions/capture.ts';
import { heaviestOf } from '../functions/heavy-captures.ts';
import type { Family } from '../memory/family.ts';
import { GRANULE, wordIndex } from '../memory/heap.ts';
import {
  discardParcel,
  type Parcel,
  parcelWeight,
  parcelWords,
  readAttachments,
  viewParcel,
  writeParcel,
} from '../ring/parcel.ts';
import type { FunctionTable } from './function-table.ts';
import { IdleFunctions } from './idle-functions.ts';

// biome-ignore lint/suspicious/noExplicitAny: the pool checks the types of the functions that come here.
type AnyFunction = (...args: any[]) => unknown;

/** From so many bytes on a captured variable that is encoded for each task is worth a warning. */
const HEAVY = 4 * 2 ** 20;

/** A function as it stands in a block for all workers. */
export interface Shelved {
  /** Never used twice, so that a worker can keep what it decoded. */
  readonly id: number;
  readonly granule: number;
  /** The function's name, for messages. */
  readonly name: string;
  /** Modules with top-level await must be imported before the function is decoded; nobody can tell here which have it. */
  readonly modules: readonly string[];
  /** Of the variables that it shares with others, to see whether it is still the same. */
  readonly versions: readonly number[];
  /** KiB of shared memory. */
  readonly weight: number;
  /** It has been used again after it had been idle. */
  isRegular: boolean;
  /** How many tasks name it; freed at 0 once it is out of date, or the function is gone. */
  tasks: number;
  outdated: boolean;
  isFreed: boolean;
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
  readonly #idle = new IdleFunctions<Shelved>();
  readonly #heavy = new WeakMap<AnyFunction, number>();
  /** For the workers. */
  readonly #table: FunctionTable;
  /** The function that was found unchanged since the last turn of the microtasks. */
  #looked: AnyFunction | undefined;

  constructor(family: Family, table: FunctionTable) {
    this.#family = family;
    this.#table = table;
  }

  /** Has the function ready for one more task; throws `SerializationError` if it cannot travel. */
  borrow(fn: AnyFunction): Shelved {
    const before = this.#latest.get(fn);
    const latest = before?.isFreed === false ? before : undefined;
    if (latest !== undefined && this.#isUnchanged(fn)) return this.#take(latest);
    const parcel = this.#pack(fn, latest);
    if (parcel === undefined) return this.#take(latest!);
    const weight = parcelWeight(parcel);
    const block = this.#store(parcel);
    const shelved: Shelved = {
      id: this.#table.add(),
      granule: block / GRANULE,
      name: typeof fn.name === 'string' ? fn.name : '',
      modules: parcel.modules,
      versions: parcel.versions,
      weight,
      isRegular: before !== undefined,
      tasks: 1,
      outdated: false,
      isFreed: false,
      holds: parcel.holds,
    };
    if (latest !== undefined) this.#retire(latest);
    this.#latest.set(fn, shelved);
    this.#collected.register(fn, shelved);
    this.#all.add(shelved);
    return shelved;
  }

  #take(shelved: Shelved): Shelved {
    if (shelved.tasks++ === 0 && this.#idle.delete(shelved)) shelved.isRegular = true;
    return shelved;
  }

  /** Encodes the function; `undefined` where that says what stands in the block. */
  #pack(fn: AnyFunction, latest: Shelved | undefined): PackedParcel | undefined {
    const stored = latest && { block: (latest.granule >>> 0) * GRANULE, versions: latest.versions };
    let parcel: PackedParcel | undefined;
    const { name, bytes } = heaviestOf(() => {
      parcel = packUnlessStored(this.#family, fn, 'fn', stored);
    });
    if (bytes > HEAVY) this.#weighs(fn, name, bytes);
    return parcel;
  }

  /** Says once that a variable is encoded for each task. */
  #weighs(fn: AnyFunction, variable: string, bytes: number): void {
    const times = (this.#heavy.get(fn) ?? 0) + 1;
    this.#heavy.set(fn, times);
    if (times !== 3) return;
    process.emitWarning(
      `The function ${fn.name || '(anonymous)'} captures ${variable}, which takes ${Math.round(bytes / 2 ** 20)} MB and is encoded for each task, to see whether it has changed. Give it to share(), put numbers into a SharedArray, or freeze it all the way down.`,
    );
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
    if (shelved.tasks > 0) return;
    if (shelved.outdated) this.#free(shelved);
    else for (const other of this.#idle.add(shelved)) this.#free(other);
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
    shelved.isFreed = true;
    this.#idle.delete(shelved);
    this.#table.remove(shelved.id);
    const block = (shelved.granule >>> 0) * GRANULE;
    const attachments = readAttachments(this.#family.heap.words(block), wordIndex(block));
    discardParcel(this.#family, { ...attachments, holds: shelved.holds });
    this.#family.allocator.free(block);
  }
}

/** A function as a worker has it. */
export interface Known {
  readonly fn: AnyFunction;
  /** What the variables hold that it shares with others. */
  readonly contents: readonly ArrivingContent[];
  /** The count of changes when the variables held that. */
  changes: number;
  /** It has returned something, and it has returned a promise. */
  wasCalled: boolean;
  wasAsync: boolean;
}

/** A worker's functions, each decoded once. */
export class FunctionCache {
  readonly #family: Family;
  readonly #decoded = new Map<number, Known>();
  #last: Known | undefined;
  #lastId = -1;

  readonly #table: FunctionTable;

  constructor(family: Family, table: FunctionTable) {
    this.#family = family;
    this.#table = table;
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
    let known = id === this.#lastId ? this.#last : this.#decoded.get(id);
    if (known === undefined) {
      const { parcel, start } = viewParcel(this.#family, (granule >>> 0) * GRANULE);
      const contents = contentsAmong(this.#family, parcel.handles);
      const fn = unpackShared(this.#family, parcel, start) as AnyFunction;
      known = { fn, contents, changes: contentChanges(), wasCalled: false, wasAsync: false };
      for (const other of this.#decoded.keys()) if (!this.#table.has(other)) this.#decoded.delete(other);
      this.#decoded.set(id, known);
    } else if (known.changes !== contentChanges()) {
      // Another function has come with other values since.
      contentsArrived(known.contents);
      known.changes = contentChanges();
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
