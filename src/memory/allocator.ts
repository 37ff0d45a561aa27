import { HeapLimitError } from '../contracts/errors.ts';
import type { CriticalSection } from './critical-section.ts';
import type { Heap } from './heap.ts';
import { GRANULE, MAPPING_BYTES, wordIndex } from './heap.ts';
import type { Intents } from './intents.ts';
import { allocatorWords, BLOCK_CLASSES, layout } from './layout.ts';
import { struct, word } from './struct.ts';

/**
 * Blocks of shared memory in sizes of powers of two, each size with a free list, like a simple segregated fit.
 *
 * The heap is sparse and huge, so blocks are never joined or split: a free block costs only address space. A free block of at least
 * `LARGE_CLASS` goes back to the kernel, except for a small store of warm blocks. Every block starts with a header of one granule.
 */

const HEADER_BYTES = GRANULE;
/** Blocks of this class and above are registered, so that those of a dead member are found. They are returned to the kernel when free. */
const LARGE_CLASS = 16;
const MIN_CLASS = 7;
/** The largest payload: a block and its header must fit into one mapping. */
export const MAX_PAYLOAD = MAPPING_BYTES - HEADER_BYTES;
/** Small blocks are cut from pieces of this size. */
const PIECE = 2 ** 20;
/** The largest number of KiB of free large blocks that stay resident for the next user: faulting a page in again costs many times a copy of it. */
const WARM_KIB = 128 * 1024;
/** The part of a free block that keeps its memory, because the header is there. */
const PAGE = 4096;
const COLD_KIB = PAGE / 1024;

const { top, small, smallEnd, registered, warmKib, heldKib, limitKib, warmLists, coldLists } = allocatorWords.at;

/** The result if no block is given out. */
const REFUSED = -1;

/** Set beside the owner of a block while that is about to give it away, or to take it: see intents.ts. */
const MARKED = 1 << 28;

/** The words of a block's header. */
const { sizeClass, nextFree, nextRegistered, owner, kib } = struct({
  /** Written once. */
  sizeClass: word,
  /** Granule of the next free block; written within the section. */
  nextFree: word,
  /** Granule of the next registered block; written once. */
  nextRegistered: word,
  /** Of a large block: the member that has it in hand, 0 while it is free or belongs to a shared object; written by giver and taker. */
  owner: word,
  /** Of a large block: how much of it may be resident, in KiB; written within the section, or by the member that has it in hand. */
  kib: word,
}).at;

export class Allocator {
  readonly #heap: Heap;
  readonly #section: CriticalSection;
  readonly #intents: Intents;
  readonly #me: number;
  readonly #words: Int32Array;
  readonly #base: number;

  constructor(heap: Heap, section: CriticalSection, intents: Intents, me: number) {
    this.#heap = heap;
    this.#section = section;
    this.#intents = intents;
    this.#me = me;
    this.#words = heap.words(layout.allocator);
    this.#base = wordIndex(layout.allocator);
    intents.onSettle((member, isIts) => this.#settleMarks(member, isIts));
  }

  /** Sets how many KiB a new heap may hold. */
  static limit(heap: Heap, kib: number): void {
    heap.words(layout.allocator)[wordIndex(layout.allocator) + limitKib] = kib;
  }

  /**
   * Returns the offset of a new block's payload, with room for `bytes` bytes, 64-byte aligned and not zeroed. `member` is the member that
   * has the block in hand; 0 means that a shared object owns it. Throws a `HeapLimitError` if the heap has reached its limit. A block
   * that is not `isData`, because it is needed to wait or to take data out, may exceed the limit by a sixteenth.
   */
  allocate(bytes: number, member: number, isData = member !== 0): number {
    if (bytes > MAX_PAYLOAD) {
      throw new RangeError(`A block of shared memory holds at most ${MAX_PAYLOAD} bytes; ${bytes} were asked for.`);
    }
    // The class is the exponent of the power of two that has room for payload and header.
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
          header[at + kib] = Math.max(header[at + kib] as number, size);
          // After it has left the free list, so that it is never given out twice.
          Atomics.store(header, at + owner, member);
          this.#intents.end();
        }
        return block + HEADER_BYTES;
      } finally {
        this.#section.leave();
      }
    } while (this.#coolOne());
    throw this.#refusal(bytes);
  }

  /** Frees a block; `payload` is the offset from `allocate`. */
  free(payload: number): void {
    const block = payload - HEADER_BYTES;
    const header = this.#heap.words(block);
    const at = wordIndex(block);
    const class_ = header[at + sizeClass] as number;
    const words = this.#words;
    const base = this.#base;
    const isLarge = class_ >= LARGE_CLASS;
    // The block is in our hand until it is in the list: if this member dies before, its reclaim frees the block.
    if (isLarge) Atomics.store(header, at + owner, this.#me);
    const isCold = isLarge && (header[at + kib] as number) + (words[base + warmKib] as number) > WARM_KIB;
    this.#giveBack(block, class_, isCold);
  }

  /** Puts a block into a free list; the memory of a cold block is given back before. Returns whether it was. */
  #giveBack(block: number, class_: number, isCold: boolean): boolean {
    const header = this.#heap.words(block);
    const at = wordIndex(block);
    const words = this.#words;
    const base = this.#base;
    // Outside the section, because it may take long. If it fails, the old contents stay.
    const isEmpty = isCold && this.#heap.memory.giveBack(block + PAGE, 2 ** class_ - PAGE);
    const list = isEmpty ? coldLists : warmLists;
    this.#section.enter();
    try {
      header[at + nextFree] = words[base + list + class_] as number;
      if (class_ >= LARGE_CLASS) {
        const held = header[at + kib] as number;
        if (isEmpty) {
          // In this order, as everywhere: a member that is killed in between leaves the heap's count too high, never too low.
          header[at + kib] = COLD_KIB;
          words[base + heldKib] = (words[base + heldKib] as number) - (held - COLD_KIB);
        } else words[base + warmKib] = (words[base + warmKib] as number) + held;
        this.#intents.give(layout.allocatorSection, layout.allocator + (list + class_) * 4);
        this.mark(block + HEADER_BYTES);
        Atomics.store(words, base + list + class_, block / GRANULE);
        this.settleMark(block + HEADER_BYTES, 0);
        this.#intents.end();
      } else Atomics.store(words, base + list + class_, block / GRANULE);
    } finally {
      this.#section.leave();
    }
    return isEmpty;
  }

  /** Gives back the memory of one free block; returns false if none can be. */
  #coolOne(): boolean {
    const words = this.#words;
    const base = this.#base;
    let block = 0;
    let class_ = LARGE_CLASS;
    this.#section.enter();
    try {
      for (; class_ < BLOCK_CLASSES && block === 0; class_++) {
        const granule = words[base + warmLists + class_] as number;
        if (granule === 0) continue;
        block = (granule >>> 0) * GRANULE;
        this.#unlink(warmLists, class_, block);
        this.settleMark(block + HEADER_BYTES, this.#me);
        this.#intents.end();
      }
    } finally {
      this.#section.leave();
    }
    return block !== 0 && this.#giveBack(block, class_ - 1, true);
  }

  /**
   * Sets the member that has a large block in hand; the block is freed when that member dies and is reclaimed. 0: a shared object owns the
   * block.
   */
  own(payload: number, member: number): void {
    const block = payload - HEADER_BYTES;
    Atomics.store(this.#heap.words(block), wordIndex(block) + owner, member);
  }

  /** Says that this member is about to give a large block away, or to take it: within an intent. */
  mark(payload: number): void {
    this.own(payload, this.#me | MARKED);
  }

  /** Writes the member that has such a block after that, unless another has taken the block meanwhile. */
  settleMark(payload: number, member: number): void {
    const block = payload - HEADER_BYTES;
    Atomics.compareExchange(this.#heap.words(block), wordIndex(block) + owner, this.#me | MARKED, member);
  }

  /** Settles the marks of a member that is gone, or was cut short: says that the blocks which it has marked are its own, or those of shared memory. */
  #settleMarks(member: number, isIts: boolean): void {
    for (const [header, at] of this.#registered()) {
      Atomics.compareExchange(header, at + owner, member | MARKED, isIts ? member : 0);
    }
  }

  /** Frees the large blocks that this member had in hand. */
  freeAllOf(member: number): void {
    for (const [header, at, block] of this.#registered()) {
      if (Atomics.compareExchange(header, at + owner, member, this.#me) === member) this.free(block + HEADER_BYTES);
    }
  }

  /** The large blocks, free or not: the words of each, where its header is, and its place. */
  *#registered(): Generator<[header: Int32Array, at: number, block: number]> {
    // New blocks come in at the front, and none ever leaves, so the list can be walked without the section.
    let granule = Atomics.load(this.#words, this.#base + registered);
    while (granule !== 0) {
      const block = (granule >>> 0) * GRANULE;
      const header = this.#heap.words(block);
      const at = wordIndex(block);
      granule = header[at + nextRegistered] as number;
      yield [header, at, block];
    }
  }

  /** Returns a block that is to hold `size` KiB; REFUSED if the heap may not hold that much. */
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

  /** Takes the first block out of a list; a large one is marked, until the caller has said whose it is. */
  #unlink(list: number, class_: number, block: number): void {
    const words = this.#words;
    const base = this.#base;
    const header = this.#heap.words(block);
    const at = wordIndex(block);
    if (class_ >= LARGE_CLASS) {
      this.#intents.take(layout.allocatorSection, layout.allocator + (list + class_) * 4);
      this.mark(block + HEADER_BYTES);
    }
    Atomics.store(words, base + list + class_, header[at + nextFree] as number);
    if (class_ >= LARGE_CLASS && list === warmLists) {
      words[base + warmKib] = (words[base + warmKib] as number) - (header[at + kib] as number);
    }
  }

  /** Counts `more` KiB; returns false if that exceeds the limit. */
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
    // Throws if memory cannot be mapped.
    const header = this.#heap.words(block);
    words[base + small] = at + granules;
    header[wordIndex(block) + sizeClass] = class_;
    return block;
  }

  /** Takes unused address space, aligned to its size, to hold this many KiB; returns REFUSED if the heap may not hold them. */
  #cut(size: number, held: number, isData: boolean): number {
    const from = Math.max((this.#words[this.#base + top]! >>> 0) * GRANULE, layout.blocks);
    const start = Math.ceil(from / size) * size;
    const end = start + size;
    // The very end would read as granule 0.
    const { bytes } = this.#heap.memory;
    if (end >= bytes) {
      throw new RangeError(`The family has used up its ${bytes / 2 ** 30} GiB of shared address space.`);
    }
    // Throws if memory cannot be mapped.
    this.#heap.words(start);
    this.#heap.memory.reach(end);
    if (!this.#hold(held, isData)) return REFUSED;
    Atomics.store(this.#words, this.#base + top, end / GRANULE);
    return start;
  }
}
