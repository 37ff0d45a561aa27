import { setImmediate } from '../engine/builtins.ts';
import type { Family } from '../memory/family.ts';
import { canPin, pin } from '../memory/pin.ts';
import type { Blob } from '../ring/envelope.ts';

/**
 * Binaries of at least this many bytes are received as a view of their block. A view is freed only when the engine collects it, and
 * presses the engine to do so; for smaller binaries a copy costs less. See docs/decisions/012-copies-and-views.md. A view that can be
 * moved would be freed while the moved one shows its bytes: if `canPin()` is false, all binaries are copied.
 */
const VIEW_FROM = 2 ** 25;

/** After this many bytes of views, binaries are copied until the event loop turns, because only then the engine reports collected views. */
const MAX_VIEWS_PER_TURN = 2 ** 28;

let viewed = 0;

const collected = new FinalizationRegistry<{ family: Family; block: number }>(({ family, block }) => {
  family.allocator.free(block);
});

/** Copies a large binary of this thread into a block of the heap, which this member then has in hand. */
export function storeBlob(family: Family, bytes: Uint8Array): Blob {
  const block = family.allocator.allocate(bytes.byteLength, family.me);
  family.heap.memory.copyIn(block, bytes);
  return { block, length: bytes.byteLength };
}

/**
 * Returns the bytes of a blob that this member has in hand, and uses the blob up: a copy, or the block itself, which is freed when the
 * buffer is collected.
 */
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

/** Returns a copy of a blob, which stays where it is. */
export function copyBlob(family: Family, { block, length }: Blob): ArrayBuffer {
  if (!keepsFreed) {
    keepsFreed = true;
    family.platform.keepFreedMemory();
  }
  // allocUnsafeSlow: the buffer belongs to this array alone, and no time is spent on zeroing it.
  const copy = Buffer.allocUnsafeSlow(length);
  family.heap.memory.copyOut(block, copy);
  return copy.buffer as ArrayBuffer;
}

function reset(): void {
  viewed = 0;
}
