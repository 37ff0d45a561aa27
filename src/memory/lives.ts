/** Room is made for so many more at once. */
const STEP = 2 ** 14;
const MOST = 2 ** 28;
/** The word that counts the numbers given out; the word of each number is 1 once that thread has ended. */
const COUNT = 0;

/** The threads of one program by numbers that never come again, and which of them have ended: for all who ask, by one word each. */
export class Lives {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  /** `buffer` is what the threads share; without it there are none yet. */
  constructor(buffer?: SharedArrayBuffer) {
    this.buffer = buffer ?? new SharedArrayBuffer(STEP * 4, { maxByteLength: MOST * 4 });
    // Without a length: it grows with the buffer.
    this.#words = new Int32Array(this.buffer);
  }

  /** A number for a thread that is about to start. */
  begin(): number {
    const life = Atomics.add(this.#words, COUNT, 1) + 1;
    const wanted = Math.ceil((life + 1) / STEP) * STEP * 4;
    while (this.buffer.byteLength < wanted) {
      try {
        this.buffer.grow(wanted);
      } catch (error) {
        // Another thread may have been quicker, and gone further.
        if (this.buffer.byteLength < wanted) throw error;
      }
    }
    return life;
  }

  /** SYNC(life): who sees that a thread has ended sees all that it has written. */
  hasEnded(life: number): boolean {
    return Atomics.load(this.#words, life) === 1;
  }

  /** SYNC(life): says so, once it runs nothing more that others could see. */
  end(life: number): void {
    Atomics.store(this.#words, life, 1);
  }
}
