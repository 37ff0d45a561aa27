import { type PackedEnvelope, packUnlessStored } from '../channel/transport.ts';
import type { AnyFunction } from '../contracts/executor.ts';
import { isUnchanged, noteTask } from '../functions/capture.ts';
import { heaviestOf } from '../functions/heavy-captures.ts';
import { UnchangedLook } from '../functions/unchanged-look.ts';
import type { Family } from '../memory/family.ts';
import { granuleOf, placeOf, wordIndex } from '../memory/heap.ts';
import {
  discardEnvelope,
  type Envelope,
  envelopeWeight,
  envelopeWords,
  readAttachments,
  writeEnvelope,
} from '../ring/envelope.ts';
import type { FunctionTable } from './function-table.ts';

/** From this number of bytes on, a captured variable that is encoded for each task causes a warning. */
const HEAVY = 4 * 2 ** 20;
/** KiB that may be kept of functions used once: most closures that are made for one task are never used again. */
const LIMIT_ONCE = 8 * 1024;
const LIMIT_REGULAR = 64 * 1024;
/** KiB that a function takes in addition. */
const OVERHEAD = 8;

/** A function that is stored in a block for all workers. */
export interface StoredFunction {
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
export class FunctionStore {
  readonly #family: Family;
  readonly #latest = new WeakMap<AnyFunction, StoredFunction>();
  readonly #all = new Set<StoredFunction>();
  /** A function that has been collected is given to no task any more. */
  readonly #collected = new FinalizationRegistry<StoredFunction>((stored) => this.#retire(stored));
  readonly #idle = new IdleFunctions();
  readonly #heavy = new WeakMap<AnyFunction, number>();
  /** The table that the workers read. */
  readonly #table: FunctionTable;
  readonly #look = new UnchangedLook(isUnchanged);

  constructor(family: Family, table: FunctionTable) {
    this.#family = family;
    this.#table = table;
  }

  /** Prepares the function for one more task. Throws `SerializationError` if it cannot be sent. */
  acquire(fn: AnyFunction): StoredFunction {
    const before = this.#latest.get(fn);
    const latest = before?.isFreed === false ? before : undefined;
    if (latest !== undefined && this.#look.isUnchanged(fn)) return this.#take(latest);
    const envelope = this.#pack(fn, latest);
    if (envelope === undefined) return this.#take(latest!);
    const weight = envelopeWeight(envelope);
    const block = this.#store(envelope);
    const stored: StoredFunction = {
      id: this.#table.add(),
      granule: granuleOf(block),
      name: typeof fn.name === 'string' ? fn.name : '',
      modules: envelope.modules,
      versions: envelope.versions,
      weight,
      isRegular: before !== undefined,
      tasks: 1,
      outdated: false,
      isFreed: false,
      holds: envelope.holds,
    };
    if (latest !== undefined) this.#retire(latest);
    this.#latest.set(fn, stored);
    this.#collected.register(fn, stored);
    this.#all.add(stored);
    return stored;
  }

  #take(stored: StoredFunction): StoredFunction {
    if (stored.tasks++ === 0 && this.#idle.delete(stored)) stored.isRegular = true;
    return stored;
  }

  /** Encodes the function. Returns `undefined` if the result is the same as in the block. */
  #pack(fn: AnyFunction, latest: StoredFunction | undefined): PackedEnvelope | undefined {
    const stored = latest && { block: placeOf(latest.granule), versions: latest.versions };
    let envelope: PackedEnvelope | undefined;
    const { name, bytes } = heaviestOf(() => {
      envelope = packUnlessStored(this.#family, fn, 'fn', stored);
    });
    if (latest === undefined) noteTask(fn);
    if (bytes > HEAVY) this.#weighs(fn, name, bytes);
    return envelope;
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

  #store(envelope: Envelope): number {
    try {
      const block = this.#family.allocator.allocate(envelopeWords(envelope) * 4, this.#family.me);
      writeEnvelope(this.#family, block, wordIndex(block), envelope);
      return block;
    } catch (error) {
      discardEnvelope(this.#family, envelope);
      throw error;
    }
  }

  /** A task that named the function has settled. */
  release(stored: StoredFunction): void {
    stored.tasks--;
    if (stored.tasks > 0) return;
    if (stored.outdated) this.#free(stored);
    else for (const other of this.#idle.add(stored)) this.#free(other);
  }

  /** Frees all functions: no worker is left. */
  clear(): void {
    for (const stored of this.#all) this.#free(stored);
  }

  #retire(stored: StoredFunction): void {
    stored.outdated = true;
    if (stored.tasks === 0) this.#free(stored);
  }

  #free(stored: StoredFunction): void {
    if (!this.#all.delete(stored)) return;
    stored.isFreed = true;
    this.#idle.delete(stored);
    this.#table.remove(stored.id);
    const block = placeOf(stored.granule);
    const attachments = readAttachments(this.#family.heap.words(block), wordIndex(block));
    discardEnvelope(this.#family, { ...attachments, holds: stored.holds });
    this.#family.allocator.free(block);
  }
}

/**
 * The functions that no task names, the longest unused first. Drops what is too much, without waiting for the garbage collector, which
 * does not know how big they are. The last used function may have any size.
 */
class IdleFunctions {
  readonly #once = new Set<StoredFunction>();
  readonly #regular = new Set<StoredFunction>();
  #weightOfOnce = 0;
  #weightOfRegular = 0;

  /** Adds a function; returns the functions to drop. */
  add(fn: StoredFunction): StoredFunction[] {
    const { isRegular } = fn;
    const set = isRegular ? this.#regular : this.#once;
    set.add(fn);
    this.#weigh(fn, 1);
    const gone: StoredFunction[] = [];
    for (const other of set) {
      const isTooMuch = isRegular ? this.#weightOfRegular > LIMIT_REGULAR : this.#weightOfOnce > LIMIT_ONCE;
      if (!isTooMuch || other === fn) break;
      this.delete(other);
      gone.push(other);
    }
    return gone;
  }

  /** Removes a function that is used again or gone. */
  delete(fn: StoredFunction): boolean {
    if (!this.#regular.delete(fn) && !this.#once.delete(fn)) return false;
    this.#weigh(fn, -1);
    return true;
  }

  #weigh({ isRegular, weight }: StoredFunction, sign: 1 | -1): void {
    if (isRegular) this.#weightOfRegular += sign * (weight + OVERHEAD);
    else this.#weightOfOnce += sign * (weight + OVERHEAD);
  }
}
