import { copyWords, type Envelope, envelopeWords, HEADER_WORDS, header, isAttached } from './envelope.ts';
import { INLINE_WORDS, KIND_BITS, record } from './records.ts';

/** The largest number of records in a batch, and of words that they take together. */
const MOST = 256;
const WORDS = INLINE_WORDS;

/**
 * Records in the memory of this thread, as they will stand in a ring: `Ring.pushBatch` copies them there at once. Holds small integers and
 * envelopes without blobs and objects.
 */
export class RecordBatch {
  readonly #words = new Int32Array(WORDS);
  readonly #octets = new Uint8Array(this.#words.buffer);
  /** The word after each record. */
  readonly #ends = new Int32Array(MOST);
  #count = 0;
  #taken = 0;

  /** The number of records that are not in the ring yet. */
  get left(): number {
    return this.#count - this.#taken;
  }

  /** The number of words of those records. */
  get size(): number {
    return this.#endOf(this.#count) - this.#endOf(this.#taken);
  }

  /** The number of records that have been taken since the last `clear`. */
  get taken(): number {
    return this.#taken;
  }

  /** Adds a record. Returns false if it does not fit, or has blobs or objects. */
  add(letter: number | Envelope): boolean {
    const at = this.#endOf(this.#count);
    if (this.#count === MOST) return false;
    if (typeof letter === 'number') {
      if (at + 2 > WORDS) return false;
      this.#words[at] = record.INT;
      this.#words[at + 1] = letter;
      this.#ends[this.#count++] = at + 2;
      return true;
    }
    const size = envelopeWords(letter);
    // Records begin at even words.
    const next = at + size + 2;
    if (isAttached(letter) || next > WORDS) return false;
    this.#words[at] = record.INLINE | (size << KIND_BITS);
    this.#write(at + 1, letter);
    this.#ends[this.#count++] = next;
    return true;
  }

  /** Takes the next records off the batch. The words of the result last until the batch is cleared. */
  take(records: number): Int32Array {
    const from = this.#endOf(this.#taken);
    this.#taken += records;
    return this.#words.subarray(from, this.#endOf(this.#taken));
  }

  clear(): void {
    this.#count = 0;
    this.#taken = 0;
  }

  /** Writes an envelope as `writeEnvelope` does, with no tag. */
  #write(at: number, { words, bytes, length }: Envelope): void {
    this.#words.fill(0, at, at + HEADER_WORDS);
    this.#words[at + header.bytes] = length;
    const start = at + HEADER_WORDS;
    if (words !== undefined) copyWords(words, 0, this.#words, start, (length + 3) >>> 2);
    else this.#octets.set(bytes.subarray(0, length), start * 4);
  }

  #endOf(records: number): number {
    return records === 0 ? 0 : (this.#ends[records - 1] as number);
  }
}
