import { SharedArray } from '../../shared/shared-array.ts';

/** The largest number of tasks of a group. */
export const MOST_IN_GROUP = 128;
/** Bytes of the outcomes of a group. */
const ROOM = 32_768;

/** The words of a log: begun, ended, then three for each task. */
const at = {
  /** The number of tasks that have begun; its complement if no more may begin. The worker counts it up, the host replaces it by its complement. */
  begun: 0,
  /** The number of tasks that have an outcome here; the worker writes it. */
  ended: 1,
  /** For each task whether it has failed, the microseconds that it ran, and where its outcome ends; the worker writes them once. */
  tasks: 2,
} as const;
const WORDS_OF_TASK = 3;
const HEAD_WORDS = at.tasks + MOST_IN_GROUP * WORDS_OF_TASK;
const LONGEST = 2 ** 31 - 1;

/** How a task ended: whether it has failed, the packed outcome, and the milliseconds that it ran. */
export type Ran = readonly [failed: boolean, packed: Uint8Array, ms: number];

/**
 * The progress of a worker in a group of tasks, in memory that its host shares. So a worker that is killed loses only the task in hand, and
 * a host can take back the tasks that have not begun. See ../README.md, "Groups".
 */
export class GroupLog {
  readonly shared: SharedArray<'int32'>;
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(shared = new SharedArray('int32', HEAD_WORDS + ROOM / 4, { lock: false })) {
    this.shared = shared;
    const { view } = shared;
    this.#words = view.subarray(0, HEAD_WORDS);
    this.#bytes = new Uint8Array(view.buffer, view.byteOffset + HEAD_WORDS * 4, ROOM);
  }

  /** Worker: begins the next task. Returns false if no more may begin. */
  begin(): boolean {
    const begun = Atomics.load(this.#words, at.begun);
    // SYNC(group): either the worker begins the task, or the host takes it back.
    return begun >= 0 && Atomics.compareExchange(this.#words, at.begun, begun, begun + 1) === begun;
  }

  /** Worker: the task in hand has ended. Returns false if there is no room for its outcome. */
  end([failed, packed, ms]: Ran): boolean {
    const number = this.#words[at.ended]!;
    const from = this.#endOf(number - 1);
    const to = from + packed.length;
    if (to > ROOM) return false;
    this.#bytes.set(packed, from);
    const word = at.tasks + number * WORDS_OF_TASK;
    this.#words[word] = failed ? 1 : 0;
    this.#words[word + 1] = Math.min(LONGEST, Math.round(ms * 1000));
    this.#words[word + 2] = to;
    // SYNC(group): the host that reads the number finds the outcome.
    Atomics.store(this.#words, at.ended, number + 1);
    return true;
  }

  /** Host: the number of tasks that have begun. */
  get begun(): number {
    const begun = Atomics.load(this.#words, at.begun);
    return begun < 0 ? ~begun : begun;
  }

  /** Host: the number of tasks that have an outcome. */
  get ended(): number {
    // SYNC(group): see `end`.
    return Atomics.load(this.#words, at.ended);
  }

  /** Host: lets no more tasks begin. Returns the number of tasks that have begun. */
  close(): number {
    for (;;) {
      const begun = Atomics.load(this.#words, at.begun);
      if (begun < 0) return ~begun;
      // SYNC(group): see `begin`.
      if (Atomics.compareExchange(this.#words, at.begun, begun, ~begun) === begun) return begun;
    }
  }

  /** Host: the outcome of a task, in memory of its own. */
  outcome(number: number): Ran {
    const word = at.tasks + number * WORDS_OF_TASK;
    const packed = this.#bytes.slice(this.#endOf(number - 1), this.#endOf(number));
    return [this.#words[word] === 1, packed, this.#words[word + 1]! / 1000];
  }

  /** Host: empties the log for another group. The worker must have reported: it does not write any more. */
  clear(): void {
    Atomics.store(this.#words, at.ended, 0);
    Atomics.store(this.#words, at.begun, 0);
  }

  #endOf(number: number): number {
    return number < 0 ? 0 : this.#words[at.tasks + number * WORDS_OF_TASK + 2]!;
  }
}
