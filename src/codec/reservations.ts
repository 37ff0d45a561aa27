/**
 * What the resizable buffers of one message may reserve. Each is a mapping of its own, of which a process has some 65,000 before the
 * engine ends, and takes address space for all that it may become, however few bytes it has.
 */

/** So many cost nothing; every further one must be paid for by as many bytes as it takes of the kernel's memory and of ours. */
const FREE_MAPPINGS = 64;
const BYTES_OF_MAPPING = 4096;
/** Bytes of address space that cost nothing; each byte of the message pays for so many more. */
const FREE_SPACE = 2 ** 32;
const SPACE_OF_BYTE = 1024;

/** Counts them. */
export class Reservations {
  readonly #mappings: number;
  readonly #space: number;
  #count = 0;
  #reserved = 0;

  /** `bytes` is what the message has in all. */
  constructor(bytes: number) {
    this.#mappings = FREE_MAPPINGS + bytes / BYTES_OF_MAPPING;
    this.#space = FREE_SPACE + bytes * SPACE_OF_BYTE;
  }

  /** One more, of so many bytes at most; false where that is too much. */
  admit(maxByteLength: number): boolean {
    this.#reserved += maxByteLength;
    return ++this.#count <= this.#mappings && this.#reserved <= this.#space;
  }
}
