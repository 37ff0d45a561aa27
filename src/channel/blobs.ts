import type { Family } from '../memory/family.ts';
import type { Blob } from '../ring/parcel.ts';

/**
 * Bytes that may be handed out as views between two turns of the event loop. Views give their blocks back when they are
 * collected, and the engine tells of that in the event loop only; a program that never turns it gets copies beyond this.
 */
const MAX_VIEWS_PER_TURN = 2 ** 26;

let viewed = 0;

const collected = new FinalizationRegistry<{ family: Family; block: number }>(({ family, block }) => {
  family.allocator.free(block);
});

/** Copies a large binary of this thread into a block of the heap, which this member has in hand. */
export function storeBlob(family: Family, bytes: Uint8Array): Blob {
  const block = family.allocator.allocate(bytes.byteLength, family.me);
  family.heap.platform.copyIn(family.heap.address(block), bytes);
  return { block, length: bytes.byteLength };
}

/** The bytes of a blob that this member has in hand: the block itself, freed when the buffer is collected, or a copy. */
export function openBlob(family: Family, { block, length }: Blob): ArrayBuffer {
  if (viewed === 0) setImmediate(reset).unref();
  viewed += length;
  if (viewed > MAX_VIEWS_PER_TURN) {
    const copy = copyBlob(family, { block, length });
    family.allocator.free(block);
    return copy;
  }
  const buffer = family.heap.bytes(block, length);
  collected.register(buffer, { family, block });
  return buffer;
}

/** A copy of a blob, which stays where it is. */
export function copyBlob(family: Family, { block, length }: Blob): ArrayBuffer {
  // allocUnsafeSlow: the buffer is this array's own, and no time is spent on zeroing it.
  const copy = Buffer.allocUnsafeSlow(length);
  family.heap.platform.copyOut(family.heap.address(block), copy);
  return copy.buffer as ArrayBuffer;
}

function reset(): void {
  viewed = 0;
}
