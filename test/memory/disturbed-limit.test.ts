import assert from 'node:assert/strict';
import { family } from '#dist/memory/family.js';
import { wordIndex } from '#dist/memory/heap.js';
import { layout } from '#dist/memory/layout.js';
import { test } from '../cases.ts';
import { disturbEverywhere } from '../disturb/disturb-everywhere.ts';
import { heapBytes } from '../inside.ts';

// Read when the family is founded, by its first shared object.
process.env.MULTIPROC_HEAP_LIMIT = '64';
const sizes = [200_000, 1e6];

/** Uses blocks, and then asks for more than there may be, so that all that was warm gives its memory back. */
function exhaust(): void {
  const { allocator, me } = family();
  for (const bytes of sizes) allocator.free(allocator.allocate(bytes, me));
  assert.throws(() => allocator.allocate(70e6, me));
}

/** Leaves blocks that are free and warm. */
function warmUp(): void {
  const { allocator, heap, me } = family();
  const blocks = sizes.map((bytes) => allocator.allocate(bytes, me));
  for (const block of blocks) heap.octets(block).fill(1, wordIndex(block) * 4, wordIndex(block) * 4 + 200_000);
  for (const block of blocks) allocator.free(block);
}

test('disturbed anywhere in allocate and free, a member leaves a count that is not below what is held', async () => {
  const { allocator, heap, me } = family();
  const held = () => heap.words(layout.allocator)[wordIndex(layout.allocator) + 5]! * 1024;
  const count = await disturbEverywhere(
    exhaust,
    () => [],
    () => {
      // Besides, there are the table and the words of the heap itself.
      assert.ok(heapBytes() <= held() + 2 ** 20, `${heapBytes()} bytes, ${held()} counted`);
      // Each death may have cost one block's room; what is left is enough to go on.
      allocator.free(allocator.allocate(100_000, me));
    },
    { prepare: warmUp, meanwhile: warmUp },
  );
  assert.ok(count >= 15, `${count} points`);
});
