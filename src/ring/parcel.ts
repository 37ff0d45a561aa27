import type { Family } from '../memory/family.ts';
import { releaseObject } from '../memory/family.ts';
import { GRANULE, wordIndex } from '../memory/heap.ts';

/** A large binary on its way: its block in the heap and its length in bytes. */
export interface Blob {
  readonly block: number;
  readonly length: number;
}

/**
 * One message as it crosses: encoded bytes, the blocks with its large binaries, and the shared objects that it refers to. The three
 * lists are emptied when what they name is surrendered or discarded, in this parcel and in all copies of it: to discard one that
 * was surrendered, or discarded, does nothing.
 */
export interface Parcel {
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly blobs: Blob[];
  readonly handles: number[];
  /**
   * While the parcel is in a member's hand: the entries of its holdings for the handles, so that they are released if it dies.
   * Filled and emptied by `claimParcel` and `surrenderParcel`; without handles it is left out.
   */
  holds?: number[] | undefined;
}

/** Shared by all parcels that have none. */
const NO_BLOBS: Blob[] = [];
const NO_HANDLES: number[] = [];

/**
 * A parcel in shared memory: these words, two for each blob, one for each handle, then the bytes. The tag is a number of the
 * sender's that can be read without decoding. Written by its sender only.
 */
const header = { bytes: 0, blobs: 1, handles: 2, tag: 3, words: 4 } as const;

/** How many words the parcel takes in shared memory; always even, so that what follows is 8-byte aligned. */
export function parcelWords(parcel: Parcel): number {
  const words = header.words + parcel.blobs.length * 2 + parcel.handles.length + ((parcel.length + 3) >>> 2);
  return (words + 1) & ~1;
}

/** Writes the parcel to the word `at` of the window that holds `offset`. */
export function writeParcel(family: Family, offset: number, at: number, parcel: Parcel, tag = 0): void {
  const words = family.heap.words(offset);
  words[at + header.bytes] = parcel.length;
  words[at + header.blobs] = parcel.blobs.length;
  words[at + header.handles] = parcel.handles.length;
  words[at + header.tag] = tag;
  let next = at + header.words;
  for (const { block, length } of parcel.blobs) {
    words[next++] = block / GRANULE;
    words[next++] = length;
  }
  for (const handle of parcel.handles) words[next++] = handle / GRANULE;
  const octets = family.heap.octets(offset);
  if (next * 4 + parcel.length <= octets.length) {
    copyBytes(parcel.bytes, 0, octets, next * 4, parcel.length);
    return;
  }
  // A block that is larger than a window begins with one.
  const start = offset + (next - wordIndex(offset)) * 4;
  family.heap.memory.view(start, parcel.length).set(parcel.bytes.subarray(0, parcel.length));
}

/** The KiB that a parcel brings, large binaries included; what is smaller counts as nothing. */
export function parcelWeight(parcel: Parcel): number {
  let bytes = parcel.length;
  for (const { length } of parcel.blobs) bytes += length;
  return Math.floor(bytes / 1024);
}

/** The same of the parcel at `at` in shared memory. */
export function weightAt(words: Int32Array, at: number): number {
  let bytes = words[at + header.bytes] as number;
  for (const { length } of readAttachments(words, at).blobs) bytes += length;
  return Math.floor(bytes / 1024);
}

/** Reads a parcel that `writeParcel` wrote; its bytes go into `scratch`, or into a larger one that the result names. */
export function readParcel(family: Family, offset: number, at: number, scratch: Uint8Array): Parcel {
  const words = family.heap.words(offset);
  const length = words[at + header.bytes] as number;
  const { blobs, handles, next } = readAttachments(words, at);
  const bytes = scratch.length >= length ? scratch : new Uint8Array(length);
  copyBytes(family.heap.octets(offset), next * 4, bytes, 0, length);
  return { bytes, length, blobs, handles };
}

/** The tag of the parcel at `at`. */
export function parcelTag(words: Int32Array, at: number): number {
  return words[at + header.tag] as number;
}

/**
 * Reads a parcel that has a block to itself, without copying: its bytes are the block's, to be decoded before that is freed. It stands
 * behind so many words of the block.
 */
export function viewParcel(family: Family, block: number, behind = 0): { parcel: Parcel; start: number } {
  const words = family.heap.words(block);
  const at = wordIndex(block) + behind;
  const length = words[at + header.bytes] as number;
  const { blobs, handles, next } = readAttachments(words, at);
  const start = (next - at + behind) * 4;
  const bytes = family.heap.memory.view(block, start + length);
  return { parcel: { bytes, length, blobs, handles }, start };
}

/** Says that a parcel is in this member's hand now: what belongs to it is given back if the member dies. Its handles are counted already. */
export function claimParcel(family: Family, parcel: Parcel): void {
  family.holdings.reserve(parcel.handles.length);
  for (const { block } of parcel.blobs) family.allocator.own(block, family.me);
  if (parcel.handles.length > 0) parcel.holds = parcel.handles.map((handle) => family.holdings.add(handle));
}

/**
 * Says that a parcel belongs to shared memory from now on. Call it just before it gets there: a member killed in between leaks
 * what belongs to the parcel, which is better than to have it freed while somebody can still take it out.
 */
export function surrenderParcel(family: Family, parcel: Parcel): void {
  for (const { block } of parcel.blobs) family.allocator.own(block, 0);
  dropHolds(family, parcel);
  if (parcel.blobs.length > 0) parcel.blobs.length = 0;
  if (parcel.handles.length > 0) parcel.handles.length = 0;
}

function dropHolds(family: Family, { holds }: Pick<Parcel, 'holds'>): void {
  if (holds !== undefined) while (holds.length > 0) family.holdings.remove(holds.pop()!);
}

/** Lets go of what a parcel that nobody will read still holds. */
export function discardParcel(
  family: Family,
  { blobs, handles, holds }: Pick<Parcel, 'blobs' | 'handles' | 'holds'>,
): void {
  dropHolds(family, { holds });
  while (blobs.length > 0) family.allocator.free(blobs.pop()!.block);
  while (handles.length > 0) releaseObject(family, handles.pop()!);
}

/** Blobs and handles of the parcel at `at`, and the word behind them. */
export function readAttachments(words: Int32Array, at: number): { blobs: Blob[]; handles: number[]; next: number } {
  if (words[at + header.blobs] === 0 && words[at + header.handles] === 0) {
    return { blobs: NO_BLOBS, handles: NO_HANDLES, next: at + header.words };
  }
  const blobs: Blob[] = [];
  const handles: number[] = [];
  let next = at + header.words;
  for (let count = words[at + header.blobs] as number; count > 0; count--) {
    blobs.push({ block: (words[next]! >>> 0) * GRANULE, length: words[next + 1] as number });
    next += 2;
  }
  for (let count = words[at + header.handles] as number; count > 0; count--) {
    handles.push((words[next++]! >>> 0) * GRANULE);
  }
  return { blobs, handles, next };
}

/** Whether the parcel that stands in a block, behind so many words, says the same as this message; the block may refer to more objects. */
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

/** Few bytes one by one, many by the engine's own copy: `subarray` alone costs 50 ns. */
function copyBytes(from: Uint8Array, fromAt: number, to: Uint8Array, toAt: number, length: number): void {
  if (length > 48) {
    to.set(from.subarray(fromAt, fromAt + length), toAt);
    return;
  }
  for (let i = 0; i < length; i++) to[toAt + i] = from[fromAt + i] as number;
}
