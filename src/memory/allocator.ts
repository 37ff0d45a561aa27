import type { CriticalSection } from './critical-section.ts';
import type { Heap } from './heap.ts';
import { GRANULE, HEAP_BYTES, MAPPING_BYTES, wordIndex } from './heap.ts';
import { layout } from './layout.ts';

/**
 * Blocks of shared memory in sizes of powers of two, each with a free list, like a simple segregated fit.
 *
 * The heap is sparse and huge, so blocks are never joined or split: a free block costs address space only. What is free and
 * of at least `LARGE_CLASS` goes back to the kernel beyond a small store of warm blocks. Every block starts with a header of one granule.
 */

const HEADER_BYTES = GRANULE;
/** Blocks of this class and above are registered, so that those of a dead member are found, and returned to the kernel when free. */
const LARGE_CLASS = 16;
const MIN_CLASS = 7;
/** The largest payload: a block and its header must fit into one mapping. */
export const MAX_PAYLOAD = MAPPING_BYTES - HEADER_BYTES;
/** Small blocks are cut from pieces of this size. */
const PIECE = 2 ** 20;
/** How many KiB of free large blocks stay resident for the next user: to fault a page in again costs many times a copy of it. */
const WARM_KIB = 128 * 1024;
/** The part of a free block that keeps its memory, since the header stands there. */
const PAGE = 4096;

/** The allocator's words, from `layout.allocator`; all written within its section. */
const top = 0; // granule from which on nothing was given out yet
const small = 1; // granule of the unused rest of the current piece
const smallEnd = 2; // granule of its end
const registered = 3; // granule of the first registered block
const warmKib = 4; // KiB of free large blocks that are resident
const warmLists = 8; // one word a class: granule of the first free resident block
const coldLists = 40; // the same for blocks whose memory went back

/** The header's words. */
const sizeClass = 0; // written once
const nextFree = 1; // granule of the next free block; written within the section
const nextRegistered = 2; // granule of the next registered block; written once
const owner = 3; // of a large block: the member that has it in hand, 0 while it is free or belongs to a shared object; written by giver and taker
const kib = 4; // of a large block: how much of it may be resident, in KiB; written within the section, or by who has it in hand

export class Allocator {
  readonly #heap: Heap;
  readonly #section: CriticalSection;
  readonly #me: number;
  readonly #words: Int32Array;
  readonly #base: number;

  constructor(heap: Heap, section: CriticalSection, me: number) {
    this.#heap = heap;
    this.#section = section;
    this.#me = me;
    this.#words = heap.words(layout.allocator);
    this.#base = wordIndex(layout.allocator);
  }

  /**
   * A block with room for `bytes` bytes of payload, not zeroed; answers the offset of the payload, 64-byte aligned.
   * `member` is named as the one that has it in hand; 0 says that it belongs to a shared object.
   */
  allocate(bytes: number, member: number): number {
    if (bytes > MAX_PAYLOAD) {
      throw new RangeError(`A block of shared memory holds at most ${MAX_PAYLOAD} bytes; ${bytes} were asked for.`);
    }
    // The class is the exponent of the power of two that has room for both.
    const wanted = Math.max(MIN_CLASS, 32 - Math.clz32(bytes + HEADER_BYTES - 1));
    this.#section.enter();
    try {
      const block = this.#take(wanted);
      if (wanted >= LARGE_CLASS) {
        const header = this.#heap.words(block);
        const at = wordIndex(block);
        // After it has left the free list: a member killed in between loses a block, which nobody can have twice.
        Atomics.store(header, at + owner, member);
        header[at + kib] = Math.max(header[at + kib] as number, (bytes + HEADER_BYTES + 1023) >>> 10);
      }
      return block + HEADER_BYTES;
    } finally {
      this.#section.leave();
    }
  }

  /** Gives a block back; its offset is the payload's, as from `allocate`. */
  free(payload: number): void {
    const block = payload - HEADER_BYTES;
    const header = this.#heap.words(block);
    const at = wordIndex(block);
    const class_ = header[at + sizeClass] as number;
    const words = this.#words;
    const base = this.#base;
    const isLarge = class_ >= LARGE_CLASS;
    let list = warmLists;
    if (isLarge) {
      // In our hand until it is in the list: if we die before, our burial frees it.
      Atomics.store(header, at + owner, this.#me);
      if ((header[at + kib] as number) + (words[base + warmKib] as number) > WARM_KIB) {
        // Outside of the section, since it may take long. A failure costs memory only: what stands there is garbage in either case.
        this.#heap.platform.punchHole(this.#heap.fd, block + PAGE, 2 ** class_ - PAGE);
        header[at + kib] = 0;
        list = coldLists;
      }
    }
    this.#section.enter();
    header[at + nextFree] = words[base + list + class_] as number;
    if (isLarge) {
      words[base + warmKib] = (words[base + warmKib] as number) + (header[at + kib] as number);
      // Before it is in the list: a member killed in between loses a block, which nobody can have twice.
      Atomics.store(header, at + owner, 0);
    }
    Atomics.store(words, base + list + class_, block / GRANULE);
    this.#section.leave();
  }

  /**
   * Says who has a large block in hand; a block whose owner dies is freed when that member is buried. 0: a shared object holds it.
   */
  own(payload: number, member: number): void {
    const block = payload - HEADER_BYTES;
    Atomics.store(this.#heap.words(block), wordIndex(block) + owner, member);
  }

  /** Frees the large blocks that this member had in hand. */
  freeAllOf(member: number): void {
    // New blocks come in at the front, and none ever leaves, so the list can be walked without the section.
    let granule = Atomics.load(this.#words, this.#base + registered);
    while (granule !== 0) {
      const block = (granule >>> 0) * GRANULE;
      const header = this.#heap.words(block);
      const at = wordIndex(block);
      granule = header[at + nextRegistered] as number;
      if (Atomics.compareExchange(header, at + owner, member, this.#me) === member) this.free(block + HEADER_BYTES);
    }
  }

  #take(class_: number): number {
    const words = this.#words;
    const base = this.#base;
    for (const list of [warmLists, coldLists]) {
      const granule = words[base + list + class_] as number;
      if (granule === 0) continue;
      const block = (granule >>> 0) * GRANULE;
      const header = this.#heap.words(block);
      const at = wordIndex(block);
      Atomics.store(words, base + list + class_, header[at + nextFree] as number);
      if (class_ >= LARGE_CLASS) {
        words[base + warmKib] = (words[base + warmKib] as number) - (header[at + kib] as number);
      }
      return block;
    }
    return class_ >= LARGE_CLASS ? this.#cutLarge(class_) : this.#cutSmall(class_);
  }

  #cutLarge(class_: number): number {
    const block = this.#cut(2 ** class_);
    const header = this.#heap.words(block);
    const at = wordIndex(block);
    header[at + sizeClass] = class_;
    header[at + nextRegistered] = this.#words[this.#base + registered] as number;
    Atomics.store(this.#words, this.#base + registered, block / GRANULE);
    return block;
  }

  #cutSmall(class_: number): number {
    const words = this.#words;
    const base = this.#base;
    const granules = 2 ** class_ / GRANULE;
    let at = Math.ceil((words[base + small]! >>> 0) / granules) * granules;
    if (at + granules > words[base + smallEnd]! >>> 0) {
      at = this.#cut(PIECE) / GRANULE;
      words[base + small] = at;
      words[base + smallEnd] = at + PIECE / GRANULE;
    }
    words[base + small] = at + granules;
    const block = at * GRANULE;
    this.#heap.words(block)[wordIndex(block) + sizeClass] = class_;
    return block;
  }

  /** Takes address space that was never used, aligned to its size. */
  #cut(size: number): number {
    const from = Math.max((this.#words[this.#base + top]! >>> 0) * GRANULE, layout.blocks);
    const start = Math.ceil(from / size) * size;
    const end = start + size;
    // The very end would read as granule 0.
    if (end >= HEAP_BYTES) throw new RangeError('The family has used up its 256 GiB of shared address space.');
    Atomics.store(this.#words, this.#base + top, end / GRANULE);
    return start;
  }
}
