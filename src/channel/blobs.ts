import { setImmediate } from '../builtins.ts';
import type { Family } from '../memory/family.ts';
import { canPin, pin } from '../memory/pin.ts';
import type { Blob } from '../ring/parcel.ts';

/**
 * Bytes from which on a binary is handed out as a view of its block. A view is given back only when the engine collects it, and
 * hurries the engine to do so; below this a copy costs less. See docs/decisions/012-copies-and-views.md. A view that can be moved
 * would be given back while the moved one shows it: where `canPin()` is false all are copies.
 */
const VIEW_FROM = 2 ** 25;

/** Bytes of views after which there are no more before the event loop turns, since only there the engine tells of collected ones. */
const MAX_VIEWS_PER_TURN = 2 ** 28;

let viewed = 0;

const collected = new FinalizationRegistry<{ family: Family; block: number }>(({ family, block }) => {
  family.allocator.free(block);
});

/** Copies a large binary of this thread into a block of the heap, which this member has in hand. */
export function storeBlob(family: Family, bytes: Uint8Array): Blob {
  const block = family.allocator.allocate(bytes.byteLength, family.me);
  family.heap.memory.copyIn(block, bytes);
  return { block, length: bytes.byteLength };
}

/** The bytes of a blob that this member has in hand, which is used up: a copy, or the block itself, freed when the buffer is collected. */
export function openBlob(family: Family, { block, length }: Blob): ArrayBuffer {
  const { memory } = family.heap;
  if (length < VIEW_FROM || viewed >= MAX_VIEWS_PER_TURN || !memory.hasOwnBuffers || !canPin()) {
    try {
      return copyBlob(family, { block, length });
    } finally {
      family.allocator.free(block);
    }
  }
  if (viewed === 0) setImmediate(reset).unref();
  viewed += length;
  const buffer = pin(memory.show(block, length).buffer as ArrayBuffer);
  collected.register(buffer, { family, block });
  return buffer;
}

let keepsFreed = false;

/** A copy of a blob, which stays where it is. */
export function copyBlob(family: Family, { block, length }: Blob): ArrayBuffer {
  if (!keepsFreed) {
    keepsFreed = true;
    family.platform.keepFreedMemory();
  }
  // allocUnsafeSlow: the buffer is this array's own, and no time is spent on zeroing it.
  const copy = Buffer.allocUnsafeSlow(length);
  family.heap.memory.copyOut(block, copy);
  return copy.buffer as ArrayBuffer;
}

function reset(): void {
  viewed = 0;
}
