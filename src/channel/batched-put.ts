import { Full } from '../contracts/errors.ts';
import { readTimeout, type WaitOptions } from '../contracts/options.ts';
import { clock } from '../engine/builtins.ts';
import { RecordBatch } from '../ring/record-batch.ts';
import type { Letter, Mailbox } from './mailbox.ts';

/** Milliseconds after which a batch no longer waits for the next item of an iterator. */
const LONGEST = 1;

/** Batches that no call uses. */
const batches: RecordBatch[] = [];

/** Puts many items into a mailbox. Items that are small go in together, in order, as far as there is room. */
export class BatchedPut {
  readonly #box: Mailbox;
  readonly #assertOpen: () => void;
  readonly #signal: AbortSignal | undefined;
  readonly #deadline: number | undefined;
  readonly #isTimed: boolean;
  readonly #batch = batches.pop() ?? new RecordBatch();
  /** When the first item of the batch came, if that is measured. */
  #begun = 0;
  #done = 0;

  /** `assertOpen` throws if nothing may be put any more. The time-out of the options is for all items together. */
  constructor(box: Mailbox, assertOpen: () => void, options: WaitOptions | undefined, isTimed: boolean) {
    this.#box = box;
    this.#assertOpen = assertOpen;
    this.#signal = options?.signal;
    this.#isTimed = isTimed;
    const timeout = readTimeout(options);
    this.#deadline = timeout === Number.POSITIVE_INFINITY ? undefined : clock() + timeout;
  }

  /** The number of items that are in. */
  get done(): number {
    return this.#done + this.#batch.taken;
  }

  /** Adds an item. Returns a promise if items must go in before the next one is added. */
  add(item: unknown): Promise<void> | undefined {
    const batch = this.#batch;
    const letter = this.#box.pack(item, 'item');
    if (!batch.add(letter)) return this.#addAfter(this.#box.keep(letter));
    if (!this.#isTimed) return undefined;
    if (batch.left === 1) this.#begun = clock();
    else if (clock() - this.#begun > LONGEST) return this.flush();
    return undefined;
  }

  /** Waits until all items that were added are in. */
  async flush(): Promise<void> {
    const batch = this.#batch;
    if (batch.left === 0) return;
    try {
      this.#assertOpen();
      this.#signal?.throwIfAborted();
      await this.#box.sendBatch(batch, this.#rest(), throwFull);
    } finally {
      this.#done += batch.taken;
      batch.clear();
    }
  }

  /** Ends the use of this object. */
  end(): void {
    batches.push(this.#batch);
  }

  /** Adds a letter once the batch is in. A letter that no batch takes goes in by itself. */
  async #addAfter(letter: Letter): Promise<void> {
    try {
      await this.flush();
      this.#assertOpen();
      this.#signal?.throwIfAborted();
    } catch (error) {
      this.#box.discard(letter);
      throw error;
    }
    if (this.#batch.add(letter)) return;
    await this.#box.send(letter, 0, this.#rest(), throwFull);
    this.#done++;
  }

  #rest(): WaitOptions | undefined {
    if (this.#signal === undefined && this.#deadline === undefined) return undefined;
    const timeout = this.#deadline === undefined ? undefined : Math.max(0, this.#deadline - clock());
    return { timeout, signal: this.#signal };
  }
}

/** What a put without room ends with at its time-out. */
export function throwFull(): never {
  throw new Full();
}
