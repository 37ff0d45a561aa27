/** Room is made for this many more words at once. */
const STEP = 2 ** 14;
const MOST = 2 ** 28;
/** The part of the shared memory's address space that the words may take. */
const SHARE = 1 / 16;
/** The word that counts the numbers given out. */
const COUNT = 0;
/** The word that is 1 once the watcher of the first thread runs, which lives as long as the program. */
const WATCHED = 1;
/** Two words for each number: 1 once that thread has ended, and the number of the thread that has started it. */
const WORDS = 2;
const STARTER = 1;

/**
 * The threads of one program, by numbers that are never used again, and which of them have ended. All threads can read it. A thread has
 * ended if its own word says so, or the word of a thread that it ends with.
 */
export class Lives {
  /** The number of the first thread of a family: the program ends with it. */
  static readonly FIRST = 1;
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  /** `buffer` is shared by the threads; without it there are none yet. `space` is the size of the shared memory. */
  constructor(buffer: SharedArrayBuffer | undefined, space: number) {
    this.buffer = buffer ?? new SharedArrayBuffer(STEP * 4, { maxByteLength: Math.min(MOST * 4, space * SHARE) });
    // Without a length: the array grows with the buffer.
    this.#words = new Int32Array(this.buffer);
  }

  /** Returns the index of the word of a number, in the words of `buffer`. */
  static wordOf(life: number): number {
    return life * WORDS;
  }

  /**
   * Returns a number for a thread that is about to start. `starter` is the number of a thread before whose end the new one certainly ends; 0
   * if there is none.
   */
  begin(starter: number): number {
    const life = Atomics.add(this.#words, COUNT, 1) + 1;
    const wanted = Math.ceil(((life + 1) * WORDS) / STEP) * STEP * 4;
    while (this.buffer.byteLength < wanted) {
      try {
        this.buffer.grow(wanted);
      } catch (error) {
        // Another thread may have been quicker, and made more room.
        if (this.buffer.byteLength < wanted) throw error;
      }
    }
    Atomics.store(this.#words, Lives.wordOf(life) + STARTER, starter);
    return life;
  }

  /** SYNC(life): a member that sees that a thread has ended sees everything that it has written. */
  hasEnded(life: number): boolean {
    for (let each = life; each !== 0; each = Atomics.load(this.#words, Lives.wordOf(each) + STARTER)) {
      if (Atomics.load(this.#words, Lives.wordOf(each)) === 1) return true;
    }
    return false;
  }

  /** SYNC(life): called when the thread runs nothing more that others could see. */
  end(life: number): void {
    Atomics.store(this.#words, Lives.wordOf(life), 1);
  }

  /** True once a watcher that lives as long as the program sees the end of every thread. */
  get areWatched(): boolean {
    return Atomics.load(this.#words, WATCHED) === 1;
  }

  setWatched(): void {
    Atomics.store(this.#words, WATCHED, 1);
  }
}
