/** Room is made for this many more threads at once. */
const STEP = 2 ** 14;
const MOST = 2 ** 28;
/** The word that counts the numbers given out. The word of each number is 1 once that thread has ended. */
const COUNT = 0;

/** The threads of one program, by numbers that are never used again, and which of them have ended: one word for each, which all threads can read. */
export class Lives {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  /** `buffer` is shared by the threads; without it there are none yet. */
  constructor(buffer?: SharedArrayBuffer) {
    this.buffer = buffer ?? new SharedArrayBuffer(STEP * 4, { maxByteLength: MOST * 4 });
    // Without a length: the array grows with the buffer.
    this.#words = new Int32Array(this.buffer);
  }

  /** Returns a number for a thread that is about to start. */
  begin(): number {
    const life = Atomics.add(this.#words, COUNT, 1) + 1;
    const wanted = Math.ceil((life + 1) / STEP) * STEP * 4;
    while (this.buffer.byteLength < wanted) {
      try {
        this.buffer.grow(wanted);
      } catch (error) {
        // Another thread may have been quicker, and made more room.
        if (this.buffer.byteLength < wanted) throw error;
      }
    }
    return life;
  }

  /** SYNC(life): a member that sees that a thread has ended sees everything that it has written. */
  hasEnded(life: number): boolean {
    return Atomics.load(this.#words, life) === 1;
  }

  /** SYNC(life): called when the thread runs nothing more that others could see. */
  end(life: number): void {
    Atomics.store(this.#words, life, 1);
  }
}
