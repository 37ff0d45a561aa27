import { HeapLimitError } from '../errors.ts';
import type { CriticalSection } from './critical-section.ts';
import type { Heap } from './heap.ts';
import { GRANULE, MAPPING_BYTES, wordIndex } from './heap.ts';
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
const COLD_KIB = PAGE / 1024;

/** The allocator's words, from `layout.allocator`; all written within its section. */
const top = 0; // granule from which on nothing was given out yet
const small = 1; // granule of the unused rest of the current piece
const smallEnd = 2; // granule of its end
const registered = 3; // granule of the first registered block
const warmKib = 4; // KiB of free large blocks that are resident
const heldKib = 5; // KiB that may be resident in all: pieces of small blocks, large blocks in use or warm, a page of each cold one
const limitKib = 6; // what heldKib may come to, 0 for no limit; written once, by the founder
const warmLists = 8; // one word a class: granule of the first free resident block
const coldLists = 40; // the same for blocks whose memory went back

/** How many classes there are: the largest block is a mapping. */
const CLASSES = coldLists - warmLists;
/** No block. */
const REFUSED = -1;

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

  /** Says how many KiB a new heap may hold. */
  static limit(heap: Heap, kib: number): void {
    heap.words(layout.allocator)[wordIndex(layout.allocator) + limitKib] = kib;
  }

  /**
   * A block with room for `bytes` bytes of payload, not zeroed; answers the offset of the payload, 64-byte aligned.
   * `member` is named as the one that has it in hand; 0 says that it belongs to a shared object. A `HeapLimitError` where the heap
   * holds as much as it may; what is not `isData`, as what it takes to wait or to take data out, may go beyond that by a sixteenth.
   */
  allocate(bytes: number, member: number, isData = member !== 0): number {
    if (bytes > MAX_PAYLOAD) {
      throw new RangeError(`A block of shared memory holds at most ${MAX_PAYLOAD} bytes; ${bytes} were asked for.`);
    }
    // The class is the exponent of the power of two that has room for both.
    const wanted = Math.max(MIN_CLASS, 32 - Math.clz32(bytes + HEADER_BYTES - 1));
    const size = (bytes + HEADER_BYTES + 1023) >>> 10;
    do {
      this.#section.enter();
      try {
        const block = this.#take(wanted, size, isData);
        if (block === REFUSED) continue;
        if (wanted >= LARGE_CLASS) {
          const header = this.#heap.words(block);
          const at = wordIndex(block);
          // After it has left the free list: a member killed in between loses a block, which nobody can have twice.
          Atomics.store(header, at + owner, member);
          header[at + kib] = Math.max(header[at + kib] as number, size);
        }
        return block + HEADER_BYTES;
      } finally {
        this.#section.leave();
      }
    } while (this.#coolOne());
    throw this.#refusal(bytes);
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
    // In our hand until it is in the list: if we die before, our burial frees it.
    if (isLarge) Atomics.store(header, at + owner, this.#me);
    const isCold = isLarge && (header[at + kib] as number) + (words[base + warmKib] as number) > WARM_KIB;
    this.#giveBack(block, class_, isCold);
  }

  /** Puts a block into a free list; a cold one gives its memory back before. True if it did. */
  #giveBack(block: number, class_: number, isCold: boolean): boolean {
    const header = this.#heap.words(block);
    const at = wordIndex(block);
    const words = this.#words;
    const base = this.#base;
    // Outside of the section, since it may take long. Where it fails, what stands there is garbage, and stays.
    const isEmpty = isCold && this.#heap.memory.giveBack(block + PAGE, 2 ** class_ - PAGE);
    const list = isEmpty ? coldLists : warmLists;
    this.#section.enter();
    try {
      header[at + nextFree] = words[base + list + class_] as number;
      if (class_ >= LARGE_CLASS) {
        const held = header[at + kib] as number;
        if (isEmpty) {
          // In this order, as everywhere: killed in between, we leave the heap's count too high, never too low.
          header[at + kib] = COLD_KIB;
          words[base + heldKib] = (words[base + heldKib] as number) - (held - COLD_KIB);
        } else words[base + warmKib] = (words[base + warmKib] as number) + held;
        // Before it is in the list: a member killed in between loses a block, which nobody can have twice.
        Atomics.store(header, at + owner, 0);
      }
      Atomics.store(words, base + list + class_, block / GRANULE);
    } finally {
      this.#section.leave();
    }
    return isEmpty;
  }

  /** Has one free block give its memory back; false if none can. */
  #coolOne(): boolean {
    const words = this.#words;
    const base = this.#base;
    let block = 0;
    let class_ = LARGE_CLASS;
    this.#section.enter();
    try {
      for (; class_ < CLASSES && block === 0; class_++) {
        const granule = words[base + warmLists + class_] as number;
        if (granule === 0) continue;
        block = (granule >>> 0) * GRANULE;
        this.#unlink(warmLists, class_, block);
        Atomics.store(this.#heap.words(block), wordIndex(block) + owner, this.#me);
      }
    } finally {
      this.#section.leave();
    }
    return block !== 0 && this.#giveBack(block, class_ - 1, true);
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

  /** A block that is to hold `size` KiB; REFUSED where the heap may not hold so much. */
  #take(class_: number, size: number, isData: boolean): number {
    const words = this.#words;
    const base = this.#base;
    const isLarge = class_ >= LARGE_CLASS;
    for (const list of [warmLists, coldLists]) {
      const granule = words[base + list + class_] as number;
      if (granule === 0) continue;
      const block = (granule >>> 0) * GRANULE;
      if (isLarge) {
        const more = size - (this.#heap.words(block)[wordIndex(block) + kib] as number);
        if (more > 0 && !this.#hold(more, isData)) return REFUSED;
      }
      this.#unlink(list, class_, block);
      return block;
    }
    return isLarge ? this.#cutLarge(class_, size, isData) : this.#cutSmall(class_, isData);
  }

  /** Takes the first block out of a list. */
  #unlink(list: number, class_: number, block: number): void {
    const words = this.#words;
    const base = this.#base;
    const header = this.#heap.words(block);
    const at = wordIndex(block);
    Atomics.store(words, base + list + class_, header[at + nextFree] as number);
    if (class_ >= LARGE_CLASS && list === warmLists) {
      words[base + warmKib] = (words[base + warmKib] as number) - (header[at + kib] as number);
    }
  }

  /** Counts so many KiB more; false where that is more than there may be. */
  #hold(more: number, isData: boolean): boolean {
    const held = (this.#words[this.#base + heldKib] as number) + more;
    const limit = this.#words[this.#base + limitKib] as number;
    if (limit !== 0 && held > (isData ? limit : limit + (limit >>> 4))) return false;
    this.#words[this.#base + heldKib] = held;
    return true;
  }

  #refusal(bytes: number): HeapLimitError {
    const mebibytes = (word: number) => Math.floor((this.#words[this.#base + word] as number) / 1024);
    return new HeapLimitError(
      `The shared memory of this family is full: it holds ${mebibytes(heldKib)} of ${mebibytes(limitKib)} MiB, and ${bytes} bytes more were asked for. Take something out, give queues a bound (new Queue(1000)), or allow more by the environment variable MULTIPROC_HEAP_LIMIT (in MiB).`,
    );
  }

  #cutLarge(class_: number, size: number, isData: boolean): number {
    const block = this.#cut(2 ** class_, size, isData);
    if (block === REFUSED) return REFUSED;
    const header = this.#heap.words(block);
    const at = wordIndex(block);
    header[at + sizeClass] = class_;
    header[at + nextRegistered] = this.#words[this.#base + registered] as number;
    Atomics.store(this.#words, this.#base + registered, block / GRANULE);
    return block;
  }

  #cutSmall(class_: number, isData: boolean): number {
    const words = this.#words;
    const base = this.#base;
    const granules = 2 ** class_ / GRANULE;
    let at = Math.ceil((words[base + small]! >>> 0) / granules) * granules;
    if (at + granules > words[base + smallEnd]! >>> 0) {
      const piece = this.#cut(PIECE, PIECE / 1024, isData);
      if (piece === REFUSED) return REFUSED;
      at = piece / GRANULE;
      words[base + small] = at;
      words[base + smallEnd] = at + PIECE / GRANULE;
    }
    const block = at * GRANULE;
    // It may throw, where memory cannot be mapped.
    const header = this.#heap.words(block);
    words[base + small] = at + granules;
    header[wordIndex(block) + sizeClass] = class_;
    return block;
  }

  /** Takes address space that was never used, aligned to its size, to hold so many KiB; REFUSED where the heap may not. */
  #cut(size: number, held: number, isData: boolean): number {
    const from = Math.max((this.#words[this.#base + top]! >>> 0) * GRANULE, layout.blocks);
    const start = Math.ceil(from / size) * size;
    const end = start + size;
    // The very end would read as granule 0.
    const { bytes } = this.#heap.memory;
    if (end >= bytes) {
      throw new RangeError(`The family has used up its ${bytes / 2 ** 30} GiB of shared address space.`);
    }
    // It may throw, where memory cannot be mapped.
    this.#heap.words(start);
    this.#heap.memory.reach(end);
    if (!this.#hold(held, isData)) return REFUSED;
    Atomics.store(this.#words, this.#base + top, end / GRANULE);
    return start;
  }
}
