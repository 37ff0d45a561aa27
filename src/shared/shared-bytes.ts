import { registerSharedBuffers } from '../codec/buffer-table.ts';
import type { Family } from '../memory/family.ts';
import { granuleOf, placeOf, wordIndex } from '../memory/heap.ts';
import { kinds } from '../memory/kinds.ts';
import { defineKind, letGoOf } from '../memory/object-kinds.ts';
import { canPin, pin } from '../memory/pin.ts';
import { Existing, knownObject, locate, SharedObject } from '../memory/shared-object.ts';
import { objectStruct, word } from '../memory/struct.ts';
import { OwnView } from './own-view.ts';

const { at: field, words: WORDS } = objectStruct({
  /** The number of bytes; the maker writes it once. */
  length: word,
  /** Granule of the block with the bytes, 0 until there is one; the maker writes it once. */
  block: word,
});

/** From this size on, memory is zeroed by giving it back to the system instead of writing zeros. */
const LARGE = 2 ** 20;
const PAGE = 4096;

defineKind(kinds.SHARED_BYTES, {
  make: () => SharedBytes,
  destroy: (family, offset) => {
    const granule = family.heap.words(offset)[wordIndex(offset) + field.block] as number;
    if (granule !== 0) family.allocator.free(placeOf(granule));
  },
});

/** The owner of each buffer's bytes. The bytes stay as long as any view of them exists. */
const owners = new WeakMap<ArrayBufferLike, SharedBytes>();

/** Objects that are kept until this thread ends: bytes whose views may be moved and have no mapping of their own. */
const kept = new Set<SharedBytes>();

/**
 * Bytes of the heap that users see through views. They cannot be closed, because a view cannot be taken back: they are released when the
 * last view in this process is collected.
 */
export class SharedBytes extends SharedObject {
  readonly #family: Family;
  readonly #block: number;
  readonly #length: number;
  #place: { readonly buffer: ArrayBufferLike; readonly start: number } | undefined;

  /** Makes this number of zero bytes, or opens an existing object. */
  constructor(make: number | Existing) {
    super(kinds.SHARED_BYTES, make instanceof Existing ? make : WORDS);
    const { family, offset } = locate(this);
    this.#family = family;
    const words = family.heap.words(offset);
    const at = wordIndex(offset);
    if (!(make instanceof Existing)) {
      words[at + field.length] = make;
      // The block is ours until the object names it: our reclaim frees it by one of the two, and frees the object first.
      const block = this.#allocate(make);
      empty(family, block, make);
      Atomics.store(words, at + field.block, granuleOf(block));
      family.allocator.own(block, 0);
    }
    this.#length = words[at + field.length] as number;
    this.#block = placeOf(words[at + field.block]!);
  }

  /** Returns the object at `offset`, which another object holds. */
  static at(offset: number): SharedBytes {
    return (knownObject(offset) as SharedBytes | undefined) ?? new SharedBytes(new Existing(offset));
  }

  /** The buffer that shows the bytes, and where they begin in it. */
  get place(): { readonly buffer: ArrayBufferLike; readonly start: number } {
    if (this.#place === undefined) {
      this.#place =
        this.#length === 0 ? { buffer: new ArrayBuffer(0), start: 0 } : this.#open(this.#block, this.#length);
      owners.set(this.#place.buffer, this);
    }
    return this.#place;
  }

  /** Returns a buffer over the bytes, which are held as long as they can be seen through it. */
  #open(block: number, length: number): { buffer: ArrayBufferLike; start: number } {
    const { memory } = this.#family.heap;
    // A SharedArrayBuffer cannot be moved.
    if (!memory.hasOwnBuffers) return memory.show(block, length);
    if (!canPin()) {
      if (OwnView.hasRoom) {
        return { buffer: new OwnView(memory.pass.file as number, block, length, this.#hold()).buffer, start: 0 };
      }
      kept.add(this);
    }
    const { buffer, start } = memory.show(block, length);
    return { buffer: pin(buffer as ArrayBuffer), start };
  }

  /** Adds one holder; returns a function that removes it. */
  #hold(): () => void {
    const { family, offset } = locate(this);
    const entry = family.counts.hold(offset);
    return () => letGoOf(family, offset, entry);
  }

  #allocate(bytes: number): number {
    try {
      return this.#family.allocator.allocate(bytes, this.#family.me);
    } catch (error) {
      this.close();
      throw error;
    }
  }
}

// Views of shared bytes arrive as views instead of copies.
registerSharedBuffers({
  handleOf(buffer) {
    const owner = owners.get(buffer);
    return owner === undefined ? undefined : locate(owner).offset;
  },
  open: (handle) => SharedBytes.at(handle).place.buffer,
});

/** Fills a block with zeros, because it was used before. */
function empty(family: Family, block: number, length: number): void {
  const zero = (from: number, to: number): void => {
    if (to > from) family.heap.memory.view(from, to - from).fill(0);
  };
  const [start, end] = [block, block + length];
  if (length >= LARGE) {
    const from = Math.ceil(start / PAGE) * PAGE;
    const to = Math.floor(end / PAGE) * PAGE;
    if (family.heap.memory.giveBack(from, to - from)) {
      zero(start, from);
      zero(to, end);
      return;
    }
  }
  zero(start, end);
}
