/**
 * How much the resizable buffers of one message may reserve. Each is a mapping of its own, of which a process may have about 65,000 before the
 * engine aborts, and takes address space for its largest length, even if it has few bytes.
 */

/** The number of buffers that cost nothing. Each further one must be paid for by the bytes that it takes of the kernel's memory and of ours. */
const FREE_MAPPINGS = 64;
const BYTES_OF_MAPPING = 4096;
/** The bytes of address space that cost nothing, and how many more each byte of the message pays for. */
const FREE_SPACE = 2 ** 32;
const SPACE_OF_BYTE = 1024;

/** Counts the resizable buffers of one message. */
export class Reservations {
  readonly #mappings: number;
  readonly #space: number;
  #count = 0;
  #reserved = 0;

  /** `bytes` is the size of the message. */
  constructor(bytes: number) {
    this.#mappings = FREE_MAPPINGS + bytes / BYTES_OF_MAPPING;
    this.#space = FREE_SPACE + bytes * SPACE_OF_BYTE;
  }

  /** Counts one more buffer with this largest length. Returns false if that is too much. */
  admit(maxByteLength: number): boolean {
    this.#reserved += maxByteLength;
    return ++this.#count <= this.#mappings && this.#reserved <= this.#space;
  }
}
