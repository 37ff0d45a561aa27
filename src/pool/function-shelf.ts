import { type PackedParcel, packUnlessStored } from '../channel/transport.ts';
import type { AnyFunction } from '../contracts/executor.ts';
import { isUnchanged, noteTask } from '../functions/capture.ts';
import { heaviestOf } from '../functions/heavy-captures.ts';
import type { Family } from '../memory/family.ts';
import { granuleOf, placeOf, wordIndex } from '../memory/heap.ts';
import { discardParcel, type Parcel, parcelWeight, parcelWords, readAttachments, writeParcel } from '../ring/parcel.ts';
import type { FunctionTable } from './function-table.ts';
import { IdleFunctions } from './idle-functions.ts';
import { UnchangedLook } from './unchanged-look.ts';

/** From this number of bytes on, a captured variable that is encoded for each task causes a warning. */
const HEAVY = 4 * 2 ** 20;

/** A function that is stored in a block for all workers. */
export interface Shelved {
  /** Never used twice, so that a worker can keep the decoded function. */
  readonly id: number;
  readonly granule: number;
  /** The function's name, for messages. */
  readonly name: string;
  /** Modules that must be imported before the function is decoded, because they may have top-level await; this cannot be seen here. */
  readonly modules: readonly string[];
  /** The versions of the variables that it shares with others: they tell whether the function has changed. */
  readonly versions: readonly number[];
  /** The size in KiB of shared memory. */
  readonly weight: number;
  /** True if it has been used again after it was idle. */
  isRegular: boolean;
  /** The number of tasks that name it. At 0 it is freed once it is out of date or the function has been collected. */
  tasks: number;
  outdated: boolean;
  isFreed: boolean;
  /** The entries in which this member notes that it holds what the function refers to. */
  readonly holds: number[] | undefined;
}

/** The owner's functions, each encoded once as long as its captured variables stay the same. */
export class FunctionShelf {
  readonly #family: Family;
  readonly #latest = new WeakMap<AnyFunction, Shelved>();
  readonly #all = new Set<Shelved>();
  /** A function that has been collected is given to no task any more. */
  readonly #collected = new FinalizationRegistry<Shelved>((shelved) => this.#retire(shelved));
  readonly #idle = new IdleFunctions<Shelved>();
  readonly #heavy = new WeakMap<AnyFunction, number>();
  /** The table that the workers read. */
  readonly #table: FunctionTable;
  readonly #look = new UnchangedLook(isUnchanged);

  constructor(family: Family, table: FunctionTable) {
    this.#family = family;
    this.#table = table;
  }

  /** Prepares the function for one more task. Throws `SerializationError` if it cannot be sent. */
  borrow(fn: AnyFunction): Shelved {
    const before = this.#latest.get(fn);
    const latest = before?.isFreed === false ? before : undefined;
    if (latest !== undefined && this.#look.isUnchanged(fn)) return this.#take(latest);
    const parcel = this.#pack(fn, latest);
    if (parcel === undefined) return this.#take(latest!);
    const weight = parcelWeight(parcel);
    const block = this.#store(parcel);
    const shelved: Shelved = {
      id: this.#table.add(),
      granule: granuleOf(block),
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

  /** Encodes the function. Returns `undefined` if the result is the same as in the block. */
  #pack(fn: AnyFunction, latest: Shelved | undefined): PackedParcel | undefined {
    const stored = latest && { block: placeOf(latest.granule), versions: latest.versions };
    let parcel: PackedParcel | undefined;
    const { name, bytes } = heaviestOf(() => {
      parcel = packUnlessStored(this.#family, fn, 'fn', stored);
    });
    if (latest === undefined) noteTask(fn);
    if (bytes > HEAVY) this.#weighs(fn, name, bytes);
    return parcel;
  }

  /** Warns once that a variable is encoded for each task. */
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

  /** A task that named the function has settled. */
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
    const block = placeOf(shelved.granule);
    const attachments = readAttachments(this.#family.heap.words(block), wordIndex(block));
    discardParcel(this.#family, { ...attachments, holds: shelved.holds });
    this.#family.allocator.free(block);
  }
}
