import { registerSharedBuffers } from '../codec/buffer-table.ts';
import { type Family, registerDestroyer, releaseObject, retainObject } from '../memory/family.ts';
import { GRANULE, wordIndex } from '../memory/heap.ts';
import { canPin, pin } from '../memory/pin.ts';
import { Existing, knownObject, locate, SharedObject } from '../memory/shared-object.ts';
import { OwnView } from './own-view.ts';

/** The number of this kind among shared objects. */
export const SHARED_BYTES_KIND = 50;

/** Words of shared bytes, behind those of every shared object. */
const field = {
  /** How many bytes; written once. */
  length: 2,
  /** Granule of the block with the bytes, 0 until there is one; written once, by its maker. */
  block: 3,
} as const;
const WORDS = 4;

/** From this size on, memory is emptied by giving it back rather than by writing zeros. */
const LARGE = 2 ** 20;
const PAGE = 4096;

registerDestroyer(SHARED_BYTES_KIND, (family, offset) => {
  const granule = family.heap.words(offset)[wordIndex(offset) + field.block] as number;
  if (granule !== 0) family.allocator.free((granule >>> 0) * GRANULE);
});

/** Whose bytes a buffer shows. As long as anybody has a view of it, the bytes stay. */
const owners = new WeakMap<ArrayBufferLike, SharedBytes>();

/** What is not let go of before this thread ends: the bytes whose views may be moved, and have no mapping of their own. */
const kept = new Set<SharedBytes>();

/**
 * Bytes of the heap that users look at through views of their own. Nobody closes them: what has given out a view cannot take it
 * back, so they are let go of when the last view in this process is collected.
 */
export class SharedBytes extends SharedObject {
  readonly #family: Family;
  readonly #block: number;
  readonly #length: number;
  #place: { readonly buffer: ArrayBufferLike; readonly start: number } | undefined;

  /** So many bytes, all zero, or those of an existing object. */
  constructor(make: number | Existing) {
    super(SHARED_BYTES_KIND, make instanceof Existing ? make : WORDS);
    const { family, offset } = locate(this);
    this.#family = family;
    const words = family.heap.words(offset);
    const at = wordIndex(offset);
    if (!(make instanceof Existing)) {
      words[at + field.length] = make;
      // Ours until the object says where it is: our burial frees it by one of the two, and the object comes first.
      const block = this.#allocate(make);
      empty(family, block, make);
      Atomics.store(words, at + field.block, block / GRANULE);
      family.allocator.own(block, 0);
    }
    this.#length = words[at + field.length] as number;
    this.#block = (words[at + field.block]! >>> 0) * GRANULE;
  }

  /** The object at `offset`, which somebody else holds. */
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

  /** A buffer over the bytes, which stay ours as long as anybody can see them by it. */
  #open(block: number, length: number): { buffer: ArrayBufferLike; start: number } {
    const { memory } = this.#family.heap;
    // Nobody can move a SharedArrayBuffer.
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

  /** Counts as one more holder; the answer ends that. */
  #hold(): () => void {
    const { family, offset } = locate(this);
    family.holdings.reserve(1);
    retainObject(family, offset);
    const entry = family.holdings.add(offset);
    return () => {
      family.holdings.remove(entry);
      releaseObject(family, offset);
    };
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

/** Makes views of shared bytes able to travel as what they are, not as copies; called once by the library's door. */
export function installSharedBuffers(): void {
  registerSharedBuffers({
    handleOf(buffer) {
      const owner = owners.get(buffer);
      return owner === undefined ? undefined : locate(owner).offset;
    },
    open: (handle) => SharedBytes.at(handle).place.buffer,
  });
}

/** Fills a block with zeros: others have used it before. */
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
