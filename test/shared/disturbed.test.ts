import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { Queue, SharedArray, SharedValue } from 'multiproc';
import { ShareableList, SharedMemory } from 'multiproc/shared-memory';
import { familyKey } from '#dist/managers/family-key.js';
import { family } from '#dist/memory/family.js';
import { layout } from '#dist/memory/layout.js';
import { test } from '../cases.ts';
import { disturbEverywhere } from '../disturb/disturb-everywhere.ts';
import { holders } from '../inside.ts';
import { exists, freshName, pathOf } from './segments.ts';

const TIMEOUT = { timeout: 30_000 };

test('disturbed anywhere while it makes, locks and changes a value, a process leaves one that goes on', async () => {
  const count = await disturbEverywhere(
    (value: SharedValue<'int32'>) => {
      value.add(1);
      value.getLock();
      new SharedValue('float64', 1).getLock();
      new SharedValue('int8', 1, { lock: value.getLock() }).close();
      value.value += 10;
    },
    () => [new SharedValue('int32', 1)],
    ({ isDead, threw }, value) => {
      if (!isDead && threw.length === 0) assert.equal(value.value, 12);
      assert.ok([1, 2, 12].includes(value.value));
      assert.equal(value.getLock().acquireSync(TIMEOUT), true);
      value.getLock().release();
    },
    { meanwhile: (value) => void value.getLock().tryAcquire() },
  );
  assert.ok(count >= 5, `${count} points`);
});

test('disturbed anywhere while it makes, sends and drops arrays, a process leaves those of others whole', async () => {
  const count = await disturbEverywhere(
    (array: SharedArray<'int32'>, queue: Queue<unknown>) => {
      new SharedArray('float64', 20_000);
      // Beyond this size the kernel makes the zeros.
      new SharedArray('float64', 200_000).close();
      queue.putSync([array, array.view.subarray(1)]);
      queue.getSync();
    },
    () => [new SharedArray('int32', [1, 2, 3]), new Queue<unknown>()],
    (_, array, queue) => {
      while (!queue.empty()) queue.getSync();
      assert.deepEqual([...array], [1, 2, 3]);
      assert.ok(holders(array as never) >= 1);
      assert.ok(new SharedArray('float64', 20_000).view.every((n) => n === 0));
    },
    { meanwhile: (array) => void new SharedArray('int8', array) },
  );
  assert.ok(count >= 10, `${count} points`);
});

/** What any program does next: it sweeps. */
function nextUse(): void {
  using memory = SharedMemory.create({ size: 1 });
  memory.unlink();
}

test('disturbed anywhere while it makes and removes a named segment, a process leaves nothing that stays', async () => {
  await disturbEverywhere(
    (name: string) => {
      using memory = SharedMemory.create({ name, size: 1000 });
      memory.buffer[0] = 7;
      memory.unlink();
    },
    () => [freshName()],
    ({ isDead, threw }, name) => {
      for (const error of threw) assert.ok('code' in (error as Error), String(error));
      nextUse();
      if (isDead || threw.length === 0) assert.equal(exists(name), false);
      else if (exists(name)) SharedMemory.attach(name).unlink();
      using memory = SharedMemory.create({ name, size: 10 });
      memory.unlink();
    },
    { meanwhile: nextUse },
  );
});

test('disturbed anywhere while it attaches to a segment of another, a process leaves it to that one', async () => {
  await disturbEverywhere(
    ({ name }: SharedMemory) => {
      using memory = SharedMemory.attach(name);
      memory.buffer[1] = 8;
      assert.throws(() => SharedMemory.attach(`${name}_empty`));
    },
    () => {
      const memory = SharedMemory.create({ size: 1000 });
      memory.buffer[0] = 7;
      writeFileSync(pathOf(`${memory.name}_empty`), '');
      return [memory];
    },
    ({ isDead, threw }, memory) => {
      if (!isDead && threw.length === 0) assert.equal(memory.buffer[1], 8);
      assert.equal(memory.buffer[0], 7);
      nextUse();
      assert.equal(exists(memory.name), true);
      rmSync(pathOf(`${memory.name}_empty`));
      memory.unlink();
      memory.close();
    },
    { meanwhile: nextUse },
  );
});

test('disturbed anywhere while it changes items of a list, a process leaves the others as they were', async () => {
  await disturbEverywhere(
    (list: ShareableList) => {
      list.set(0, 'changed');
      list.set(1, 2.5);
      const other = new ShareableList(['short-lived']);
      other.shm.unlink();
      other.shm.close();
    },
    () => [new ShareableList(['before', 1, 'other'])],
    ({ isDead, threw }, list) => {
      if (!isDead && threw.length === 0) assert.deepEqual([...list], ['changed', 2.5, 'other']);
      assert.equal(list.at(2), 'other');
      // What was just being written is neither the old nor the new: to be written anew before it is read.
      list.set(0, 'again');
      list.set(1, 3);
      assert.deepEqual([...list], ['again', 3, 'other']);
      list.shm.unlink();
      list.shm.close();
      nextUse();
    },
    { meanwhile: (list) => list.shm.close() },
  );
});

test('disturbed anywhere while it makes the key of the family, a process leaves one key for all', async () => {
  await disturbEverywhere(
    () => familyKey(),
    () => {
      // As it is before anybody has asked for it.
      family()
        .heap.octets(layout.key)
        .fill(0, layout.key, layout.key + 33);
      return [];
    },
    ({ threw }) => {
      assert.deepEqual(threw, []);
      const key = familyKey();
      assert.ok(key.some((byte) => byte !== 0));
      assert.deepEqual(familyKey(), key);
    },
    { meanwhile: () => void familyKey() },
  );
});
