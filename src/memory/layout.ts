import { from, line, struct, word, words } from './struct.ts';

/** The largest number of living members, and the words of a member's record: two cache lines. */
export const MEMBER_SLOTS = 4096;
export const MEMBER_WORDS = 32;
/** The number of sizes of blocks: see allocator.ts. */
export const BLOCK_CLASSES = 32;
/** The number of sections for counts: two objects rarely share one at the same time. */
export const COUNT_SECTIONS = 16;
/** The number of words of a cache line. */
const LINE_WORDS = 16;

/** The allocator's words. Every member writes them, within the allocator's section. */
export const allocatorWords = struct({
  /** Granule from which on no block was given out yet. */
  top: word,
  /** Granule of the unused rest of the current piece, and of its end. */
  small: word,
  smallEnd: word,
  /** Granule of the first registered block. */
  registered: word,
  /** KiB of free large blocks that are resident. */
  warmKib: word,
  /** KiB that may be resident in all: pieces of small blocks, large blocks in use or warm, a page of each cold one. */
  heldKib: word,
  /** The largest `heldKib`, 0 for no limit; the founder writes it once. */
  limitKib: word,
  /** One word for each class: granule of the first free resident block. */
  warmLists: from(8, words(BLOCK_CLASSES)),
  /** One word for each class: granule of the first free block whose memory went back. */
  coldLists: words(BLOCK_CLASSES),
});

/** The fixed structures of the heap. Words with different users are on different cache lines. */
const heap = struct({
  /** The number of slots of the member table that were ever in use; written within the family's section. */
  highWater: word,
  /** The slot that is tried first for the next member; written within the family's section. */
  nextSlot: word,
  /** The number of errands so far: bells that a member could not ring. Each member that leaves an errand counts it; see parker.ts. */
  errands: word,
  /** The family's section: the member table and the reclaims; see family.ts and reclaim.ts. */
  familySection: line(word),
  /** The allocator's section, and the words that it guards. */
  allocatorSection: line(word),
  allocator: line(allocatorWords),
  /** The section of the parked descriptors; see channel/descriptors.ts. */
  parkingSection: from(512, word),
  /** The number of the parked descriptor that is just being moved to the end of its queue, otherwise 0; written within that section. */
  parkedMoving: from(514, word),
  /** The section of the family's key, and the key with a byte that is 1 once the key exists; see managers/family-key.ts. */
  keySection: line(word),
  key: line(),
  /** Sections for the counts of shared objects, each on a line of its own; see counts.ts. */
  countSections: from(768, words(COUNT_SECTIONS * LINE_WORDS)),
  /** The member table; see members.ts. */
  members: words(MEMBER_SLOTS * MEMBER_WORDS),
  /** What the allocator gives out begins here. */
  blocks: from(2 ** 18, words(0)),
});

/** The places of the fixed structures in the heap, in bytes from its start. */
export const layout = Object.fromEntries(Object.entries(heap.at).map(([name, first]) => [name, first * 4])) as Readonly<
  typeof heap.at
>;
