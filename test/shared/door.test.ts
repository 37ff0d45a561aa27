import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import * as door from 'multiproc/shared-memory';

test('the door holds SharedMemory and ShareableList', () => {
  assert.deepEqual(Object.keys(door).sort(), ['ShareableList', 'SharedMemory']);
});

test('require() opens it too', () => {
  const required = createRequire(import.meta.url)('multiproc/shared-memory') as typeof door;
  using memory = required.SharedMemory.create({ size: 1 });
  memory.unlink();
  assert.ok(memory instanceof door.SharedMemory);
});
