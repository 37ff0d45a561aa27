import type { Family } from '../memory/family.ts';
import { GRANULE, wordIndex } from '../memory/heap.ts';
import { letGoOf, releaseObject } from '../memory/object-kinds.ts';
import { struct, word } from '../memory/struct.ts';

/** A large binary on its way: its block in the heap and its length in bytes. */
export interface Blob {
  readonly block: number;
  readonly length: number;
}

/**
 * One message as it crosses: encoded bytes, the blocks with its large binaries, and the shared objects that it refers to. The three
 * lists are emptied when their contents are surrendered or discarded, in this envelope and in all copies of it. Discarding an envelope that
 * was surrendered or discarded does nothing.
 */
export interface Envelope {
  readonly bytes: Uint8Array;
  /** The same memory as words, if `bytes` begins with one: words are copied faster. */
  readonly words?: Int32Array | undefined;
  readonly length: number;
  readonly blobs: Blob[];
  readonly handles: number[];
  /**
   * While the envelope is in a member's hand: the entries of its reference table for the handles, so that they are released if it dies.
   * Without handles it is left out.
   */
  holds?: number[] | undefined;
}

/** Shared by all envelopes that have none. */
const NO_BLOBS: Blob[] = [];
const NO_HANDLES: number[] = [];

/** An envelope in shared memory: these words, two for each blob, one for each handle, then the bytes. Written by its sender only. */
export const { at: header, words: HEADER_WORDS } = struct({
  /** The number of bytes, of blobs and of handles. */
  bytes: word,
  blobs: word,
  handles: word,
  /** A number of the sender's that can be read without decoding. */
  tag: word,
});

/** The largest number of words that a loop copies. */
const FEW_WORDS = 64;

/** Returns the number of words that the envelope takes in shared memory; always even, so that the next record is 8-byte aligned. */
export function envelopeWords(envelope: Envelope): number {
  const words = HEADER_WORDS + envelope.blobs.length * 2 + envelope.handles.length + ((envelope.length + 3) >>> 2);
  return (words + 1) & ~1;
}

/** Writes the envelope to the word `at` of the window that holds `offset`. */
export function writeEnvelope(family: Family, offset: number, at: number, envelope: Envelope, tag = 0): void {
  const words = family.heap.words(offset);
  words[at + header.bytes] = envelope.length;
  words[at + header.blobs] = envelope.blobs.length;
  words[at + header.handles] = envelope.handles.length;
  words[at + header.tag] = tag;
  let next = at + HEADER_WORDS;
  for (const { block, length } of envelope.blobs) {
    words[next++] = block / GRANULE;
    words[next++] = length;
  }
  for (const handle of envelope.handles) words[next++] = handle / GRANULE;
  const count = (envelope.length + 3) >>> 2;
  if (next + count <= words.length) {
    if (envelope.words !== undefined) copyWords(envelope.words, 0, words, next, count);
    else family.heap.octets(offset).set(envelope.bytes.subarray(0, envelope.length), next * 4);
    return;
  }
  // A block that is larger than a window begins with one.
  const start = offset + (next - wordIndex(offset)) * 4;
  family.heap.memory.view(start, envelope.length).set(envelope.bytes.subarray(0, envelope.length));
}

/** Returns the size of an envelope in KiB, rounded down, including its large binaries. */
export function envelopeWeight(envelope: Envelope): number {
  let bytes = envelope.length;
  for (const { length } of envelope.blobs) bytes += length;
  return Math.floor(bytes / 1024);
}

/** Returns the size in KiB, as `envelopeWeight` does, of the envelope at `at` in shared memory. */
export function weightAt(words: Int32Array, at: number): number {
  let bytes = words[at + header.bytes] as number;
  for (const { length } of readAttachments(words, at).blobs) bytes += length;
  return Math.floor(bytes / 1024);
}

/** Memory for the bytes of an envelope that is copied out. */
export class Scratch {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;

  constructor(words: number) {
    this.words = new Int32Array(words);
    this.bytes = new Uint8Array(this.words.buffer);
  }
}

/** Reads an envelope that `writeEnvelope` wrote. Copies its bytes into `scratch`, or into new memory if `scratch` is too small; the result names the array. */
export function readEnvelope(family: Family, offset: number, at: number, scratch: Scratch): Envelope {
  const words = family.heap.words(offset);
  const length = words[at + header.bytes] as number;
  const { blobs, handles, next } = readAttachments(words, at);
  const count = (length + 3) >>> 2;
  const into = scratch.words.length >= count ? scratch : new Scratch(count);
  copyWords(words, next, into.words, 0, count);
  return { bytes: into.bytes, length, blobs, handles };
}

/** Returns the tag of the envelope at `at`. */
export function envelopeTag(words: Int32Array, at: number): number {
  return words[at + header.tag] as number;
}

/**
 * Reads an envelope that has a block to itself, without copying: the bytes of the result are the block's, so decode them before the block is freed.
 * The envelope begins `behind` words after the start of the block.
 */
export function viewEnvelope(family: Family, block: number, behind = 0): { envelope: Envelope; start: number } {
  const words = family.heap.words(block);
  const at = wordIndex(block) + behind;
  const length = words[at + header.bytes] as number;
  const { blobs, handles, next } = readAttachments(words, at);
  const start = (next - at + behind) * 4;
  const bytes = family.heap.memory.view(block, start + length);
  return { envelope: { bytes, length, blobs, handles }, start };
}

/** Counts this member as a holder of each object once more, and adds the objects to the envelope. */
export function holdHandles(family: Family, envelope: Envelope, handles: readonly number[]): void {
  if (handles.length === 0) return;
  envelope.holds ??= [];
  for (const handle of handles) {
    envelope.holds.push(family.counts.hold(handle));
    envelope.handles.push(handle);
  }
}

function emptyLists(envelope: Envelope): void {
  if (envelope.blobs.length > 0) envelope.blobs.length = 0;
  if (envelope.handles.length > 0) envelope.handles.length = 0;
}

/** Returns true if the envelope has blobs or handles besides its bytes. */
export function isAttached({ blobs, handles }: Envelope): boolean {
  return blobs.length > 0 || handles.length > 0;
}

/** Notes, within an intent, that an envelope is about to be written into shared memory. */
export function markEnvelope(family: Family, { blobs, holds }: Envelope): void {
  for (const { block } of blobs) family.allocator.mark(block);
  if (holds !== undefined) for (const entry of holds) family.references.mark(entry);
}

/** Notes, after the commit, that the envelope is in shared memory. */
export function surrenderMarked(family: Family, envelope: Envelope): void {
  for (const { block } of envelope.blobs) family.allocator.settleMark(block, 0);
  dropHolds(family, envelope);
  emptyLists(envelope);
}

/**
 * Hands an envelope over to shared memory, with the block that it is in (0 for none). Both belong to shared memory as soon as `value`, by default the granule of the
 * block, is written at `place`, where no other member writes.
 */
export function commitEnvelope(
  family: Family,
  envelope: Envelope,
  block: number,
  place: number,
  value: number = block / GRANULE,
): void {
  const { allocator, heap, intents } = family;
  intents.give(0, place);
  if (block !== 0) allocator.mark(block);
  markEnvelope(family, envelope);
  Atomics.store(heap.words(place), wordIndex(place), value);
  if (block !== 0) allocator.settleMark(block, 0);
  surrenderMarked(family, envelope);
  intents.end();
}

/** Takes an envelope that only this member can take, by writing `value` at `place`. The caller has reserved the references. */
export function takeEnvelope(family: Family, envelope: Envelope, place: number, value: number): void {
  const { heap, intents } = family;
  intents.take(0, place);
  claimMarked(family, envelope);
  Atomics.store(heap.words(place), wordIndex(place), value);
  keepMarked(family, envelope);
  intents.end();
}

/** Notes, within an intent, that this member is about to take an envelope out of shared memory. The caller has reserved the references. */
export function claimMarked(family: Family, envelope: Envelope): void {
  for (const { block } of envelope.blobs) family.allocator.mark(block);
  if (envelope.handles.length > 0)
    envelope.holds = envelope.handles.map((handle) => family.references.addMarked(handle));
}

/** Notes, after the commit, that this member holds the envelope. */
export function keepMarked(family: Family, { blobs, holds }: Envelope): void {
  for (const { block } of blobs) family.allocator.settleMark(block, family.me);
  if (holds !== undefined) for (const entry of holds) family.references.unmark(entry);
}

function dropHolds(family: Family, { holds }: Pick<Envelope, 'holds'>): void {
  if (holds !== undefined) while (holds.length > 0) family.references.remove(holds.pop()!);
}

/** Releases everything that an envelope holds that no member will read. */
export function discardEnvelope(
  family: Family,
  { blobs, handles, holds }: Pick<Envelope, 'blobs' | 'handles' | 'holds'>,
): void {
  while (blobs.length > 0) family.allocator.free(blobs.pop()!.block);
  while (handles.length > 0) {
    const handle = handles.pop()!;
    const entry = holds?.pop();
    if (entry === undefined) releaseObject(family, handle);
    else letGoOf(family, handle, entry);
  }
}

/** Returns the blobs and handles of the envelope at `at`, and the number of the word after them. */
export function readAttachments(words: Int32Array, at: number): { blobs: Blob[]; handles: number[]; next: number } {
  if (words[at + header.blobs] === 0 && words[at + header.handles] === 0) {
    return { blobs: NO_BLOBS, handles: NO_HANDLES, next: at + HEADER_WORDS };
  }
  const blobs: Blob[] = [];
  const handles: number[] = [];
  let next = at + HEADER_WORDS;
  for (let count = words[at + header.blobs] as number; count > 0; count--) {
    blobs.push({ block: (words[next]! >>> 0) * GRANULE, length: words[next + 1] as number });
    next += 2;
  }
  for (let count = words[at + header.handles] as number; count > 0; count--) {
    handles.push((words[next++]! >>> 0) * GRANULE);
  }
  return { blobs, handles, next };
}

/** Returns true if the envelope in a block, `behind` words after its start, has the same contents as this message. The block may refer to more objects. */
export function isStored(
  family: Family,
  block: number,
  behind: number,
  message: { bytes: Uint8Array; length: number; blobs: readonly Uint8Array[]; handles: readonly number[] },
): boolean {
  const { memory } = family.heap;
  const words = family.heap.words(block);
  const at = wordIndex(block) + behind;
  if (words[at + header.bytes] !== message.length) return false;
  const { blobs, handles, next } = readAttachments(words, at);
  if (blobs.length !== message.blobs.length || message.handles.some((handle, i) => handle !== handles[i])) return false;
  const isAt = (offset: number, bytes: Uint8Array) => memory.isAt(offset, bytes);
  const start = block + (next - wordIndex(block)) * 4;
  if (!isAt(start, message.bytes.subarray(0, message.length))) return false;
  return message.blobs.every((bytes, i) => blobs[i]!.length === bytes.length && isAt(blobs[i]!.block, bytes));
}

/** Copies a few words one by one, and many words with `set`: its `subarray` alone costs 50 ns. */
export function copyWords(from: Int32Array, fromAt: number, to: Int32Array, toAt: number, count: number): void {
  if (count > FEW_WORDS) to.set(from.subarray(fromAt, fromAt + count), toAt);
  else for (let i = 0; i < count; i++) to[toAt + i] = from[fromAt + i] as number;
}
