import type { CriticalSection } from '../memory/critical-section.ts';
import type { Family } from '../memory/family.ts';
import { GRANULE, type Heap, wordIndex } from '../memory/heap.ts';
import { from, line, struct, word, words } from '../memory/struct.ts';
import {
  claimMarked,
  discardEnvelope,
  type Envelope,
  envelopeTag,
  envelopeWeight,
  envelopeWords,
  isAttached,
  keepMarked,
  markEnvelope,
  readEnvelope,
  Scratch,
  surrenderMarked,
  viewEnvelope,
  weightAt,
  writeEnvelope,
} from './envelope.ts';
import type { RecordBatch } from './record-batch.ts';
import { INLINE_WORDS, KIND_BITS, record } from './records.ts';

/**
 * Words of a ring, from its start. An end (`tail`: producers, `head`: consumers) is a cache line: its section, its version, and
 * two copies of its place; the version's lowest bit says which copy is valid, so one store moves the end. See README.md.
 */
export const ring = struct({
  /** The largest number of items, 0 for no bound; written once. */
  bound: word,
  /** `flag`s below; SHUT is written within the tail's section, IMMEDIATE within the head's. */
  flags: word,
  /** The number of KiB from which the ring counts as full, 0 for no such bound; written once. */
  weightBound: word,
  /** The number of items that had been taken when an immediate shutdown dropped the rest. The member that sets IMMEDIATE writes it before. */
  cut: word,
  tail: line(),
  head: line(),
});
const field = ring.at;
const flag = { SHUT: 1, IMMEDIATE: 2 } as const;
/** The words of a copy. */
const { at: place, words: COPY_WORDS } = struct({
  /** Granule of the segment, and the next word in it. */
  segment: word,
  word: word,
  /** The number of items that have passed this end, and their KiB if those are bounded. Both wrap. */
  count: word,
  weight: word,
});
/** The words of an end. */
const { at: end } = struct({ section: word, version: word, copies: from(4, words(2 * COPY_WORDS)) });
/** The words of a segment. */
const { at: segment } = struct({
  /** Granule of the next segment. */
  next: word,
  /** The word where this one ends, 0 while it is open. */
  end: word,
  size: word,
  /** The first record. */
  first: from(4, words(0)),
});
const FIRST_SEGMENT = 4096;
const LAST_SEGMENT = 2 ** 18;

/** What a push or a pop found. */
export const outcome = { DONE: 0, FULL: 1, EMPTY: 2, SHUT: 3 } as const;
type Outcome = (typeof outcome)[keyof typeof outcome];

/** Neither an outcome nor a size: this member has too few free references to take the record. */
const NO_ROOM = -1;

/** Returns room for the bytes of any envelope that `pop` copies out. */
export function newScratch(): Scratch {
  return new Scratch(INLINE_WORDS);
}

/** A queue of messages in shared memory for any number of producers and consumers; it never waits. */
export class Ring {
  readonly #family: Family;
  readonly #words: Int32Array;
  readonly #at: number;
  /** Where the ends stand in the heap: each begins with its section. */
  readonly #tailPlace: number;
  readonly #headPlace: number;
  readonly #tailSection: CriticalSection;
  readonly #headSection: CriticalSection;
  /**
   * The other end's count when this thread last looked. It is valid as long as no other thread has moved this end since (`#lastPop`,
   * `#lastPush`: the version that this thread left there), so that one producer and one consumer rarely read each other's cache line.
   */
  #knownTail = 0;
  #lastPop = -1;
  #knownHead = 0;
  #lastPush = -1;
  /** Where the next record goes: set by #reserve, used up by #commit. The segment stays open for the next one. */
  readonly #tail: OpenSegment;
  #word = 0;
  #count = 0;
  #weight = 0;
  /** The segment that the last record came from. */
  readonly #head: OpenSegment;
  /** The place of the head before that record. */
  #from = 0;
  /** The number of references that are needed to claim the record that was read last. */
  #holds = 0;
  /** True while this thread frees the items that an immediate shutdown has dropped. */
  #isTakingRest = false;

  /** What the last successful pop took out: a number, or the envelope with the byte where it starts. */
  popped: number | Envelope = 0;
  /** Where the bytes of the popped envelope start. */
  start = 0;
  /** The tag of the popped envelope. */
  tag = 0;
  /** The block with the bytes of the popped envelope, 0 if there is none. Free it after decoding. */
  block = 0;

  constructor(family: Family, offset: number) {
    this.#family = family;
    this.#words = family.heap.words(offset);
    this.#at = wordIndex(offset);
    this.#tailPlace = offset + field.tail * 4;
    this.#headPlace = offset + field.head * 4;
    this.#tailSection = family.section(this.#tailPlace + end.section * 4);
    this.#headSection = family.section(this.#headPlace + end.section * 4);
    this.#tail = new OpenSegment(family.heap);
    this.#head = new OpenSegment(family.heap);
  }

  /**
   * Initializes fresh, zeroed words for a ring of at most `bound` items, 0 for any number. A ring that holds `weightBound` KiB or more is
   * full, too. One message of any size therefore has room.
   */
  static create(family: Family, offset: number, bound: number, weightBound = 0): void {
    const words = family.heap.words(offset);
    const at = wordIndex(offset);
    const first = createSegment(family, FIRST_SEGMENT, false);
    words[at + field.bound] = bound;
    words[at + field.weightBound] = weightBound;
    for (const side of [field.tail, field.head]) {
      words[at + side + end.copies + place.segment] = first / GRANULE;
      words[at + side + end.copies + place.word] = segment.first;
    }
  }

  get bound(): number {
    return this.#words[this.#at + field.bound] as number;
  }

  /** The number of items: exact at one moment during the call. */
  get size(): number {
    for (;;) {
      if (this.#isCut()) return 0;
      const before = this.#load(field.tail + end.version);
      const put = this.#countOf(field.tail);
      const taken = this.#countOf(field.head);
      if (this.#load(field.tail + end.version) === before) return (put - taken) | 0;
    }
  }

  /** True if the ring was empty at one moment during the call. Cheaper than `size`, and than a pop that finds nothing. */
  get isEmpty(): boolean {
    return this.#countOf(field.head) === this.#countOf(field.tail) || this.#isCut();
  }

  /** True if a push would have found it full at one moment during the call. */
  get isFull(): boolean {
    const { bound } = this;
    return (bound > 0 && this.size >= bound) || this.#isTooHeavy(this.#countOf(field.tail, place.weight));
  }

  get isShutDown(): boolean {
    return (this.#load(field.flags) & flag.SHUT) !== 0;
  }

  /** True once an immediate shutdown has dropped the items. */
  #isCut(): boolean {
    // SYNC(cut)
    return (this.#load(field.flags) & flag.IMMEDIATE) !== 0;
  }

  pushInt(value: number): Outcome {
    const found = this.#reserve(2);
    if (found !== outcome.DONE) return found;
    try {
      const { words, at } = this.#tail;
      words[at + this.#word] = record.INT;
      words[at + this.#word + 1] = value;
      this.#commit(2, 0);
    } finally {
      this.#tailSection.leave();
    }
    return outcome.DONE;
  }

  /**
   * Puts the envelope in. After DONE its blobs and handles belong to the ring; after another outcome they stay the caller's. If it throws, they
   * are released.
   */
  push(envelope: Envelope, tag = 0): Outcome {
    const size = envelopeWords(envelope);
    try {
      return size < INLINE_WORDS ? this.#pushInline(envelope, size, tag) : this.#pushOut(envelope, size, tag);
    } catch (error) {
      discardEnvelope(this.#family, envelope);
      throw error;
    }
  }

  #pushInline(envelope: Envelope, size: number, tag: number): Outcome {
    const found = this.#reserve(size + 1);
    if (found !== outcome.DONE) return found;
    try {
      const { words, at, offset } = this.#tail;
      words[at + this.#word] = record.INLINE | (size << KIND_BITS);
      writeEnvelope(this.#family, offset, at + this.#word + 1, envelope, tag);
      const weight = this.#weightOf(envelope);
      if (isAttached(envelope)) this.#commitWith(envelope, 0, size + 1, weight);
      else this.#commit(size + 1, weight);
    } finally {
      this.#tailSection.leave();
    }
    return outcome.DONE;
  }

  /**
   * Puts in what the batch still has, as far as there is room, by one store. Returns DONE if all is in. For rings without a bound of KiB.
   */
  pushBatch(batch: RecordBatch): Outcome {
    const found = this.#reserve(batch.size);
    if (found !== outcome.DONE) return found;
    try {
      const records = this.#roomFor(batch.left);
      const { words, at } = this.#tail;
      const taken = batch.take(records);
      words.set(taken, at + this.#word);
      this.#commit(taken.length, 0, records);
    } finally {
      this.#tailSection.leave();
    }
    return batch.left === 0 ? outcome.DONE : outcome.FULL;
  }

  /** Returns how many of these records have room, within the section. */
  #roomFor(records: number): number {
    const { bound } = this;
    if (bound === 0) return records;
    // Looks at the head only if what it last was does not suffice.
    if (bound - ((this.#count - this.#knownHead) | 0) < records) this.#knownHead = this.#countOf(field.head);
    return Math.min(records, bound - ((this.#count - this.#knownHead) | 0));
  }

  #pushOut(envelope: Envelope, size: number, tag: number): Outcome {
    const { allocator, me } = this.#family;
    const block = allocator.allocate(size * 4, me);
    let isIn = false;
    try {
      writeEnvelope(this.#family, block, wordIndex(block), envelope, tag);
      const found = this.#reserve(2);
      if (found !== outcome.DONE) return found;
      try {
        const { words, at } = this.#tail;
        words[at + this.#word] = record.OUT;
        words[at + this.#word + 1] = block / GRANULE;
        this.#commitWith(envelope, block, 2, this.#weightOf(envelope));
        isIn = true;
      } finally {
        this.#tailSection.leave();
      }
      return outcome.DONE;
    } finally {
      if (!isIn) allocator.free(block);
    }
  }

  /**
   * Takes the oldest message out into `popped`, and its bytes into `scratch`. From then on its blobs and handles are the caller's.
   * `claim` is called with the tag just before the message is out: what `claim` writes stays even if this member dies right after. If `claim`
   * returns false, the message stays and the result is EMPTY.
   */
  pop(scratch: Scratch, claim?: (tag: number) => boolean): Outcome {
    this.#headSection.enterToCommit();
    let found: Outcome | typeof NO_ROOM;
    try {
      found = this.#take(scratch, claim);
    } finally {
      this.#headSection.leave();
    }
    if (found === NO_ROOM) {
      // Steps that may fail come before the message is out, and outside of the section.
      this.#family.references.reserve(this.#holds);
      return this.pop(scratch, claim);
    }
    if (found !== outcome.DONE) return found;
    if (this.#head.granule !== this.#from) {
      try {
        this.#freeSegments(this.#from, this.#head.granule);
      } catch {
        // The message is out: if its old segment cannot be freed, that memory is lost, but the message is not.
      }
    }
    return outcome.DONE;
  }

  /**
   * Takes the oldest messages out into `into`, as long as they are small integers of one segment, by one store. Returns their number: 0 if the
   * ring is empty or begins with another message. For rings without a bound of KiB.
   */
  popInts(into: Int32Array): number {
    this.#headSection.enterToCommit();
    try {
      return this.#takeInts(into);
    } finally {
      this.#headSection.leave();
    }
  }

  #takeInts(into: Int32Array): number {
    const words = this.#words;
    const head = this.#at + field.head;
    const version = words[head + end.version] as number;
    const copy = head + end.copies + (version & 1) * COPY_WORDS;
    const count = words[copy + place.count] as number;
    this.#knownTail = this.#countOf(field.tail);
    const first = words[copy + place.segment] as number;
    const current = this.#head;
    current.open(first);
    let at = words[copy + place.word] as number;
    const most = this.#isCut() ? 0 : Math.min(into.length, (this.#knownTail - count) | 0);
    // The end of the segment is read after the tail: what was committed before stands before the end.
    const last = current.get(segment.end);
    let taken = 0;
    while (taken < most && at !== last && current.get(at) === record.INT) {
      into[taken++] = current.get(at + 1);
      at += 2;
    }
    if (taken === 0) return 0;
    const other = head + end.copies + (~version & 1) * COPY_WORDS;
    words[other + place.segment] = first;
    words[other + place.word] = at;
    words[other + place.count] = (count + taken) | 0;
    words[other + place.weight] = words[copy + place.weight] as number;
    this.#moveHead(version);
    return taken;
  }

  /** Takes the oldest message out, within the head's section. Returns NO_ROOM if this member must reserve holdings first. */
  #take(scratch: Scratch, claim: ((tag: number) => boolean) | undefined): Outcome | typeof NO_ROOM {
    const words = this.#words;
    const head = this.#at + field.head;
    const version = words[head + end.version] as number;
    const copy = head + end.copies + (version & 1) * COPY_WORDS;
    const count = words[copy + place.count] as number;
    if (version !== this.#lastPop || count === this.#knownTail) {
      // Read before the items: then every item that was put before the shutdown is seen. An immediate shutdown has moved the head.
      const flags = this.#load(field.flags);
      if ((flags & flag.IMMEDIATE) !== 0 && !this.#isTakingRest) return outcome.SHUT;
      this.#knownTail = this.#countOf(field.tail);
      if (count === this.#knownTail) return flags & flag.SHUT ? outcome.SHUT : outcome.EMPTY;
    }
    const first = words[copy + place.segment] as number;
    const current = this.#head;
    current.open(first);
    let at = words[copy + place.word] as number;
    while (at === current.get(segment.end)) {
      current.open(current.get(segment.next));
      at = segment.first;
    }
    const size = this.#read(current, at, scratch);
    if (size === NO_ROOM) return NO_ROOM;
    if (claim?.(this.tag) === false) return outcome.EMPTY;
    const other = head + end.copies + (~version & 1) * COPY_WORDS;
    words[other + place.segment] = current.granule;
    words[other + place.word] = at + size;
    words[other + place.count] = (count + 1) | 0;
    if (words[this.#at + field.weightBound] !== 0) {
      words[other + place.weight] = ((words[copy + place.weight] as number) + this.#weightOfRead(current, at)) | 0;
    }
    const { popped } = this;
    if (typeof popped !== 'number' && (this.block !== 0 || isAttached(popped))) this.#moveHeadWith(popped, version);
    else this.#moveHead(version);
    this.#from = first;
    return outcome.DONE;
  }

  /** Takes out the record that was read, by one store. */
  #moveHead(version: number): void {
    // SYNC(head): the place in the ring is free for producers, and the item is ours.
    Atomics.store(this.#words, this.#at + field.head + end.version, (version + 1) | 0);
    this.#lastPop = (version + 1) | 0;
  }

  /** Takes out an envelope with its blobs and handles: they become this member's by the same store. */
  #moveHeadWith(envelope: Envelope, version: number): void {
    const { allocator, intents, me } = this.#family;
    const { block } = this;
    let isOut = false;
    intents.take(this.#headPlace, this.#headPlace + end.version * 4);
    try {
      if (block !== 0) allocator.mark(block);
      claimMarked(this.#family, envelope);
      this.#moveHead(version);
      isOut = true;
    } finally {
      if (!isOut) intents.settle(me);
    }
    if (block !== 0) allocator.settleMark(block, me);
    keepMarked(this.#family, envelope);
    intents.end();
  }

  /** The number of items that were put in so far, without those that an immediate shutdown has dropped; wraps. */
  get countPut(): number {
    return this.#isCut() ? this.#load(field.cut) : this.#countOf(field.tail);
  }

  /** Refuses items from now on; `immediate` also drops the items inside. */
  shutdown(immediate: boolean): void {
    this.#tailSection.commit(() => Atomics.or(this.#words, this.#at + field.flags, flag.SHUT));
    if (!immediate) return;
    this.#headSection.commit(() => {
      if (!this.#isCut()) this.#cut();
    });
    this.#takeRest();
  }

  /** Frees everything that the ring holds. No member may use the ring any more. */
  destroy(): void {
    Atomics.store(this.#words, this.#at + field.flags, flag.SHUT);
    this.#takeRest();
    const version = this.#words[this.#at + field.head + end.version] as number;
    const copy = this.#at + field.head + end.copies + (version & 1) * COPY_WORDS;
    this.#freeSegments(this.#words[copy + place.segment] as number, 0);
  }

  /** Enters the tail's section and finds `size` words for a record. After any result but DONE it has left the section again. */
  #reserve(size: number): Outcome {
    this.#tailSection.enterToCommit();
    let found: Outcome | undefined;
    try {
      found = this.#find(size);
    } finally {
      if (found !== outcome.DONE) this.#tailSection.leave();
    }
    return found;
  }

  /** Finds the words for a record, or for several that are pushed together, within the section. */
  #find(size: number): Outcome {
    const words = this.#words;
    const tail = this.#at + field.tail;
    if ((words[this.#at + field.flags] as number) & flag.SHUT) return outcome.SHUT;
    const version = words[tail + end.version] as number;
    const copy = tail + end.copies + (version & 1) * COPY_WORDS;
    const count = words[copy + place.count] as number;
    const bound = words[this.#at + field.bound] as number;
    if (bound > 0 && (version !== this.#lastPush || ((count - this.#knownHead) | 0) >= bound)) {
      this.#knownHead = this.#countOf(field.head);
      if (((count - this.#knownHead) | 0) >= bound) return outcome.FULL;
    }
    const weight = words[copy + place.weight] as number;
    if (this.#isTooHeavy(weight)) return outcome.FULL;
    this.#weight = weight;
    const open = this.#tail;
    open.open(words[copy + place.segment] as number);
    this.#word = words[copy + place.word] as number;
    this.#count = count;
    const room = size + (size & 1);
    while (open.get(segment.end) !== 0 || this.#word + room > open.get(segment.size)) this.#openNextSegment(room);
    return outcome.DONE;
  }

  /** Drops the items, within the head's section. */
  #cut(): void {
    const words = this.#words;
    const head = this.#at + field.head;
    const version = words[head + end.version] as number;
    const copy = head + end.copies + (version & 1) * COPY_WORDS;
    Atomics.store(words, this.#at + field.cut, words[copy + place.count] as number);
    // Moves the head to its own place: the version changes, so that the thread that moved the head last reads the flags again.
    words.copyWithin(head + end.copies + (~version & 1) * COPY_WORDS, copy, copy + COPY_WORDS);
    Atomics.store(words, head + end.version, (version + 1) | 0);
    // SYNC(cut): from here on the ring is empty. A member that sees this also sees how many items were taken.
    Atomics.or(words, this.#at + field.flags, flag.IMMEDIATE);
  }

  #takeRest(): void {
    const scratch = newScratch();
    this.#isTakingRest = true;
    try {
      while (this.pop(scratch) === outcome.DONE) this.#discardPopped();
    } finally {
      this.#isTakingRest = false;
      this.#lastPop = -1;
    }
  }

  /** Makes the records that were written since #reserve visible; the caller leaves the section. */
  #commit(size: number, weight: number, records = 1): void {
    const words = this.#words;
    const tail = this.#at + field.tail;
    const version = words[tail + end.version] as number;
    const copy = tail + end.copies + (~version & 1) * COPY_WORDS;
    words[copy + place.segment] = this.#tail.granule;
    words[copy + place.word] = this.#word + size + (size & 1);
    words[copy + place.count] = (this.#count + records) | 0;
    words[copy + place.weight] = (this.#weight + weight) | 0;
    // SYNC(tail): the record is there for consumers, whole.
    Atomics.store(words, tail + end.version, (version + 1) | 0);
    this.#lastPush = (version + 1) | 0;
  }

  /** Makes a record visible with the envelope's blobs and handles and its block: they become the ring's by the same store. */
  #commitWith(envelope: Envelope, block: number, size: number, weight: number): void {
    const { allocator, intents } = this.#family;
    let isIn = false;
    intents.give(this.#tailPlace, this.#tailPlace + end.version * 4);
    try {
      if (block !== 0) allocator.mark(block);
      markEnvelope(this.#family, envelope);
      this.#commit(size, weight);
      isIn = true;
    } finally {
      // The marked references stay this member's.
      if (!isIn) intents.end();
    }
    if (block !== 0) allocator.settleMark(block, 0);
    surrenderMarked(this.#family, envelope);
    intents.end();
  }

  /** Closes the segment and goes to the next one: a segment that a dead producer has linked already, or a new one. */
  #openNextSegment(room: number): void {
    const { words, at } = this.#tail;
    if (words[at + segment.next] === 0) {
      const grown = Math.min((words[at + segment.size] as number) * 4 * 2, LAST_SEGMENT);
      const needed = (segment.first + room) * 4 + GRANULE;
      words[at + segment.next] = createSegment(this.#family, Math.max(grown, needed), true) / GRANULE;
    }
    if (words[at + segment.end] === 0) Atomics.store(words, at + segment.end, this.#word);
    this.#tail.open(words[at + segment.next] as number);
    this.#word = segment.first;
  }

  /** Reads the record into `popped`; returns its size in words, or NO_ROOM. */
  #read(current: OpenSegment, word: number, scratch: Scratch): number {
    const { words } = current;
    const at = current.at + word;
    const first = words[at] as number;
    this.block = 0;
    this.start = 0;
    switch (first & 3) {
      case record.INT:
        this.tag = 0;
        this.popped = words[at + 1] as number;
        return 2;
      case record.OUT: {
        this.block = (words[at + 1]! >>> 0) * GRANULE;
        this.tag = envelopeTag(this.#family.heap.words(this.block), wordIndex(this.block));
        const { envelope, start } = viewEnvelope(this.#family, this.block);
        this.popped = envelope;
        this.start = start;
        return this.#hasRoom(envelope) ? 2 : NO_ROOM;
      }
      default: {
        this.tag = envelopeTag(words, at + 1);
        this.popped = readEnvelope(this.#family, current.offset, at + 1, scratch);
        if (!this.#hasRoom(this.popped)) return NO_ROOM;
        const size = (first >>> KIND_BITS) + 1;
        return size + (size & 1);
      }
    }
  }

  /** Prepares the claim of the blobs and handles of the record that was read. Returns false if that takes more references than are free. */
  #hasRoom({ blobs, handles }: Pick<Envelope, 'blobs' | 'handles'>): boolean {
    for (const { block } of blobs) this.#family.heap.words(block);
    // One for each handle of the message, and one for the object that it becomes here.
    this.#holds = 2 * handles.length;
    return this.#holds <= this.#family.references.room;
  }

  /** Returns true if the ring holds too many KiB for another message. `put` is the number of KiB that have passed the tail. */
  #isTooHeavy(put: number): boolean {
    const bound = this.#words[this.#at + field.weightBound] as number;
    return bound !== 0 && ((put - this.#countOf(field.head, place.weight)) | 0) >= bound;
  }

  /** Returns the KiB of an envelope, 0 if this ring has no bound for them. */
  #weightOf(envelope: Envelope): number {
    return this.#words[this.#at + field.weightBound] === 0 ? 0 : envelopeWeight(envelope);
  }

  /** Returns the KiB of the record that was read last, at `word`. */
  #weightOfRead({ words, at }: OpenSegment, word: number): number {
    if (this.block !== 0) return weightAt(this.#family.heap.words(this.block), wordIndex(this.block));
    return ((words[at + word] as number) & 3) === record.INT ? 0 : weightAt(words, at + word + 1);
  }

  #discardPopped(): void {
    if (typeof this.popped !== 'number') discardEnvelope(this.#family, this.popped);
    if (this.block !== 0) this.#family.allocator.free(this.block);
  }

  /** Frees the segments from the granule `from` up to the one at `to`. */
  #freeSegments(from: number, to: number): void {
    const { heap, allocator } = this.#family;
    let current = from;
    while (current !== to && current !== 0) {
      const offset = (current >>> 0) * GRANULE;
      current = heap.words(offset)[wordIndex(offset) + segment.next] as number;
      allocator.free(offset);
    }
  }

  /** Returns the count of an end, read outside of its section. */
  #countOf(side: number, which: number = place.count): number {
    const copies = this.#at + side + end.copies;
    for (;;) {
      // SYNC(tail), SYNC(head): sees everything that was written before the end was moved.
      const version = this.#load(side + end.version);
      // An atomic load, so that no processor moves it behind the next load.
      const count = Atomics.load(this.#words, copies + (version & 1) * COPY_WORDS + which);
      if (this.#load(side + end.version) === version) return count;
    }
  }

  #load(word: number): number {
    return Atomics.load(this.#words, this.#at + word);
  }
}

/** A segment and the window with its words: finding the window of an offset costs more than the rest of a push. */
class OpenSegment {
  readonly #heap: Heap;
  granule = 0;
  offset = 0;
  words: Int32Array = NO_WORDS;
  /** The index of its first word in `words`. */
  at = 0;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  open(granule: number): void {
    if (granule === this.granule) return;
    const offset = (granule >>> 0) * GRANULE;
    // This may throw, if memory cannot be mapped.
    this.words = this.#heap.words(offset);
    this.offset = offset;
    this.at = wordIndex(offset);
    this.granule = granule;
  }

  get(word: number): number {
    return this.words[this.at + word] as number;
  }
}

const NO_WORDS = new Int32Array(0);

function createSegment(family: Family, bytes: number, isData: boolean): number {
  // The allocator rounds up to a power of two and keeps a granule for itself.
  const block = 2 ** Math.ceil(Math.log2(bytes)) - GRANULE;
  const offset = family.allocator.allocate(block, 0, isData);
  const words = family.heap.words(offset);
  const at = wordIndex(offset);
  words[at + segment.next] = 0;
  words[at + segment.end] = 0;
  words[at + segment.size] = block / 4;
  return offset;
}
