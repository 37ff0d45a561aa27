/** A value that stays in a block of its own, for any number of readers: a word of a shared object names the block. */
import type { Family } from '../memory/family.ts';
import { placeOf, wordIndex } from '../memory/heap.ts';
import {
  commitEnvelope,
  discardEnvelope,
  envelopeWords,
  readAttachments,
  viewEnvelope,
  writeEnvelope,
} from '../ring/envelope.ts';
import { pack, unpackShared } from './transport.ts';

/**
 * Encodes a value into a block, and writes the granule of the block into the word at `place`, which is 0. If it throws, it leaves nothing
 * behind. `root` is what errors call the value.
 */
export function storeValue(family: Family, value: unknown, root: string, place: number): void {
  const envelope = pack(family, value, root);
  let block = 0;
  try {
    block = family.allocator.allocate(envelopeWords(envelope) * 4, family.me);
    writeEnvelope(family, block, wordIndex(block), envelope);
    commitEnvelope(family, envelope, block, place);
  } catch (error) {
    discardEnvelope(family, envelope);
    if (block !== 0) family.allocator.free(block);
    throw error;
  }
}

/** True if a value was stored at `place`. */
export function hasValue(family: Family, place: number): boolean {
  return blockAt(family, place) !== 0;
}

/** Decodes the value that was stored at `place`. */
export function readValue(family: Family, place: number): unknown {
  const { envelope, start } = viewEnvelope(family, blockAt(family, place));
  return unpackShared(family, envelope, start);
}

/** Frees the block that the word at `place` names, if it names one, and releases what the value refers to. */
export function dropValue(family: Family, place: number): void {
  const block = blockAt(family, place);
  if (block === 0) return;
  discardEnvelope(family, readAttachments(family.heap.words(block), wordIndex(block)));
  family.allocator.free(block);
}

function blockAt({ heap }: Family, place: number): number {
  return placeOf(heap.words(place)[wordIndex(place)] as number);
}
