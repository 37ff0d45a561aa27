import type { Platform } from '../platform/platform.ts';

/** Places are counted in granules of 64 bytes wherever they stand in shared memory, so that 32 bits reach 256 GiB. */
export const GRANULE = 64;
/** The size of the sparse file: address space, not memory. */
export const HEAP_BYTES = 2 ** 38;
/** One mapping; nothing that is looked at as a whole may cross its border, and Node 20 aborts on views of more than 2 GiB. */
export const MAPPING_BYTES = 2 ** 30;
/** One window of 32-bit words. Small, because V8 counts a whole window as memory of the program when it plans collections. */
const WINDOW_BYTES = 2 ** 26;

/** The family's memory as one thread sees it: one sparse file, mapped piece by piece as it is used. */
export class Heap {
  readonly platform: Platform;
  readonly fd: number;
  /** Where the pieces are mapped, 0 where they are not yet; all threads of the process share it. */
  readonly mappings: BigInt64Array<SharedArrayBuffer>;
  readonly #words: Int32Array[] = [];
  readonly #octets: Uint8Array[] = [];

  /** A thread is given the mappings of its process. */
  constructor(platform: Platform, fd: number, mappings?: BigInt64Array<SharedArrayBuffer>) {
    this.mappings = mappings ?? new BigInt64Array(new SharedArrayBuffer((HEAP_BYTES / MAPPING_BYTES) * 8));
    this.platform = platform;
    this.fd = fd;
  }

  /** Makes an empty heap of its own, all bytes zero. */
  static create(platform: Platform): Heap {
    return new Heap(platform, platform.createSparseFile(HEAP_BYTES));
  }

  /** The address of the byte at `offset` in this process. */
  address(offset: number): bigint {
    const index = Math.floor(offset / MAPPING_BYTES);
    let start = Atomics.load(this.mappings, index);
    if (start === 0n) start = this.#map(index);
    return start + BigInt(offset - index * MAPPING_BYTES);
  }

  #map(index: number): bigint {
    const start = this.platform.map(this.fd, index * MAPPING_BYTES, MAPPING_BYTES);
    const others = Atomics.compareExchange(this.mappings, index, 0n, start);
    if (others === 0n) return start;
    // Another thread was quicker.
    this.platform.unmap(start, MAPPING_BYTES);
    return others;
  }

  /** The words of the window that holds `offset`; the word at `offset` has the index `wordIndex(offset)`. */
  words(offset: number): Int32Array {
    const index = Math.floor(offset / WINDOW_BYTES);
    let words = this.#words[index];
    if (words === undefined) {
      words = new Int32Array(this.platform.view(this.address(index * WINDOW_BYTES), WINDOW_BYTES));
      this.#words[index] = words;
    }
    return words;
  }

  /** The same window as bytes; the byte at `offset` has the index `wordIndex(offset) * 4`. */
  octets(offset: number): Uint8Array {
    const index = Math.floor(offset / WINDOW_BYTES);
    let octets = this.#octets[index];
    if (octets === undefined) {
      octets = new Uint8Array(this.words(offset).buffer);
      this.#octets[index] = octets;
    }
    return octets;
  }

  /** A buffer over exactly these bytes; it must not be used after the block has been freed. */
  bytes(offset: number, length: number): ArrayBuffer {
    return this.platform.view(this.address(offset), length);
  }
}

/** The index of the word at `offset` within its window. */
export function wordIndex(offset: number): number {
  return (offset % WINDOW_BYTES) >>> 2;
}
