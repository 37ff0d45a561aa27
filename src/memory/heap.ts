import { type Memory, PIECE_BYTES, WINDOW_BYTES } from '../platform/memory.ts';

/** Places in shared memory are counted in granules of 64 bytes, so that 32 bits reach 256 GiB. */
export const GRANULE = 64;
/** A range that is read as a whole must not cross a border of these. */
export const MAPPING_BYTES: number = PIECE_BYTES;

/** The family's memory as one thread sees it, with the windows that it has opened so far. */
export class Heap {
  readonly memory: Memory;
  readonly #words: Int32Array[] = [];
  readonly #octets: Uint8Array[] = [];

  constructor(memory: Memory) {
    this.memory = memory;
  }

  /** Returns the words of the window that holds `offset`; the word at `offset` has the index `wordIndex(offset)`. */
  words(offset: number): Int32Array {
    const index = Math.floor(offset / WINDOW_BYTES);
    let words = this.#words[index];
    if (words === undefined) {
      words = this.memory.window(index);
      this.#words[index] = words;
    }
    return words;
  }

  /** Returns the same window as bytes; the byte at `offset` has the index `wordIndex(offset) * 4`. */
  octets(offset: number): Uint8Array {
    const index = Math.floor(offset / WINDOW_BYTES);
    let octets = this.#octets[index];
    if (octets === undefined) {
      const { buffer, byteOffset, byteLength } = this.words(offset);
      octets = new Uint8Array(buffer, byteOffset, byteLength);
      this.#octets[index] = octets;
    }
    return octets;
  }
}

/** Returns the index of the word at `offset` within its window. */
export function wordIndex(offset: number): number {
  return (offset % WINDOW_BYTES) >>> 2;
}

/** Returns the place that a word names. Words count places in granules, so that 32 bits reach all of the heap; 0 names none. */
export function placeOf(granule: number): number {
  return (granule >>> 0) * GRANULE;
}

/** Returns what a word holds that names this place. */
export function granuleOf(place: number): number {
  return place / GRANULE;
}
