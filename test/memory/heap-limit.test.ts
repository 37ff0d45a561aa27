import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { totalmem } from 'node:os';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Barrier, HeapLimitError, Lock, Pool, pipe, Queue, SharedArray, share } from 'multiproc';
import { family } from '#dist/memory/family.js';
import { shareOf } from '#dist/memory/heap-limit.js';
import { memoryLimit } from '#dist/platform/control-groups.js';
import { folderWith } from '../folder.ts';
import { watchdog } from '../hang.ts';
import { heapBytes, holders, inLine, start } from '../inside.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const MEBIBYTE = 2 ** 20;
// Read when the family is founded, by its first shared object.
process.env.MULTIPROC_HEAP_LIMIT = '64';

/** Puts `item(i)` into the queue until the heap is full; answers how many are in. */
async function fill(queue: Queue<unknown>, item: (i: number) => unknown): Promise<number> {
  for (let i = 0; ; i++) {
    try {
      await queue.put(item(i));
    } catch (error) {
      assert.ok(error instanceof HeapLimitError, String(error));
      assert.equal(error.code, 'ERR_HEAP_LIMIT');
      assert.match(error.message, /6\d of 64 MiB.*a bound.*MULTIPROC_HEAP_LIMIT/);
      return i;
    }
  }
}

test('a full heap refuses a put, loses nothing, and has room again when something is taken', async () => {
  const queue = new Queue<unknown>();
  const items: ((i: number) => unknown)[] = [
    (i) => new Uint8Array(MEBIBYTE).fill(i),
    (i) => new Uint8Array(40_000).fill(i),
    (i) => `${i}`.padEnd(50_000),
    (i) => `${i}`.padEnd(3000),
  ];
  const counts: number[][] = [];
  for (let round = 0; round < 3; round++) {
    counts.push([]);
    for (const item of items) {
      const count = await fill(queue, item);
      counts[round]!.push(count);
      assert.ok(heapBytes() < 72 * MEBIBYTE, `${heapBytes()} bytes`);
      assert.equal(queue.qsize(), count);
      for (let i = 0; i < count; i++) {
        const expected = item(i);
        const got = queue.getSync();
        if (expected instanceof Uint8Array) assert.equal(Buffer.compare(got as Uint8Array, expected), 0);
        else assert.equal(got, expected);
      }
    }
  }
  // Pieces for small blocks stay what they are; but for them each round has as much room as the one before.
  for (const [i, count] of counts[2]!.entries()) assert.ok(count >= counts[1]![i]! * 0.9, JSON.stringify(counts));
  assert.ok(counts[1]![0]! >= 50, JSON.stringify(counts));
});

test('what is refused leaves nothing behind', async () => {
  const queue = new Queue<unknown>();
  const [here, there] = pipe();
  const lock = new Lock();
  const text = 'x'.repeat(2 * MEBIBYTE);
  // The first fails while it is packed; for the second, packed, there is no block.
  const messages = [
    [lock, new Uint8Array(MEBIBYTE), text],
    [lock, text],
  ];
  await using pool = new Pool(1);
  const nothing = (..._: unknown[]) => 0;
  await pool.apply(nothing);
  const count = await fill(queue, () => new Uint8Array(MEBIBYTE));
  const held = holders(lock);
  for (let i = 0; i < 20; i++) {
    for (const message of messages) {
      assert.throws(() => queue.putSync(message), HeapLimitError);
      await assert.rejects(queue.put(message, { timeout: 1000 }), HeapLimitError);
      await assert.rejects(here.send(message), HeapLimitError);
      await assert.rejects(pool.apply(nothing, message), HeapLimitError);
      assert.throws(() => share(message), HeapLimitError);
      assert.throws(() => new Barrier(2, { action: () => void message }), HeapLimitError);
    }
    assert.throws(() => here.sendBytesSync(new Uint8Array(2 * MEBIBYTE)), HeapLimitError);
    assert.throws(() => new SharedArray('uint8', 2 * MEBIBYTE), HeapLimitError);
  }
  assert.equal(holders(lock), held);
  while (!queue.empty()) queue.getSync();
  assert.ok((await fill(queue, () => new Uint8Array(MEBIBYTE))) >= count - 1);
  there.close();
  queue.shutdown({ immediate: true });
});

test('in a full heap every object can be used, waited for and taken out', async () => {
  const queue = new Queue<unknown>();
  using _ = watchdog('full heap', 60, queue);
  const gate = new Queue<number>();
  const locks = Array.from({ length: 3000 }, () => new Lock());
  const messages = new Queue<Lock[]>();
  messages.putSync(locks);
  const ready = new Queue<number>();
  const line = Array.from({ length: 7 }, () =>
    start(
      async (out: Queue<number>, q: Queue<number>, all: Queue<Lock[]>) => {
        await out.put(0);
        if ((await q.get()) === 1) await out.put((await all.get()).length);
      },
      ready,
      gate,
      messages,
    ),
  );
  for (const _ of line) await ready.get();
  await fill(queue, () => new Uint8Array(MEBIBYTE));
  await fill(queue, () => 'x'.repeat(5000));
  // More wait than a queue has room for in itself.
  await inLine(gate, line.length, line);
  gate.putSync(1);
  assert.equal(await ready.get(), locks.length);
  for (const _ of line.slice(1)) gate.putSync(0);
  for (const p of line) await p.join();
  assert.deepEqual(
    line.map((p) => p.exitCode),
    line.map(() => 0),
  );
  queue.shutdown({ immediate: true });
});

test('objects that a full heap has no room for leave nothing half made', async () => {
  const queue = new Queue<unknown>();
  await fill(queue, () => new Uint8Array(MEBIBYTE));
  const made: { close(): void }[] = [];
  const makeAll = (make: () => { close(): void }) => {
    for (;;) {
      try {
        made.push(make());
      } catch (error) {
        assert.ok(error instanceof HeapLimitError, String(error));
        return;
      }
    }
  };
  const makePipe = () => {
    const [here, there] = pipe();
    made.push(there);
    return here;
  };
  // Each takes several blocks: the last of each kind finds room for some of them.
  for (const make of [makePipe, () => new Queue(), () => new SharedArray('uint8', 900), () => new Lock(), makePipe]) {
    makeAll(make);
  }
  for (const object of made) object.close();
  collect();
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
  while (!queue.empty()) queue.getSync();
  // A block that was given back twice, or was none, would be given out twice now.
  const { allocator, me } = family();
  const blocks = Array.from({ length: 3000 }, (_, i) => allocator.allocate(100 << (i % 6), me));
  assert.equal(new Set(blocks).size, blocks.length);
  for (const block of blocks) allocator.free(block);
});

test('a full heap is the same error in another process', async () => {
  const queue = new Queue<unknown>();
  const answer = new Queue<unknown>();
  const p = start(
    (q: Queue<unknown>, out: Queue<unknown>) => {
      try {
        for (;;) q.putSync(new Uint8Array(1e6));
      } catch (error) {
        q.getSync();
        q.getSync();
        out.putSync(error);
      }
    },
    queue,
    answer,
  );
  await p.join();
  assert.ok(answer.getSync() instanceof HeapLimitError);
  queue.shutdown({ immediate: true });
});

test('the limit is a part of what machine and control groups allow', () => {
  const limit = (files: Record<string, string>) => memoryLimit(folderWith(files));
  const cgroup = 'proc/self/cgroup';
  assert.equal(limit({}), totalmem());
  assert.equal(limit({ [cgroup]: '0::/a/b\n', 'sys/fs/cgroup/a/b/memory.max': 'max\n' }), totalmem());
  assert.equal(limit({ [cgroup]: '0::/a/b\n', 'sys/fs/cgroup/a/b/memory.max': '5000000\n' }), 5e6);
  assert.equal(limit({ [cgroup]: '0::/a\n', 'sys/fs/cgroup/a/memory.high': '4000000\n' }), 4e6);
  const nested = { 'sys/fs/cgroup/a/b/memory.max': '5000000\n', 'sys/fs/cgroup/a/memory.max': '3000000\n' };
  assert.equal(limit({ [cgroup]: '0::/a/b\n', ...nested }), 3e6);
  const old = { 'sys/fs/cgroup/memory/a/memory.limit_in_bytes': '2000000\n' };
  const none = { 'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n' };
  assert.equal(limit({ [cgroup]: '7:memory:/a\n3:cpu:/z\n', ...old, ...none }), 2e6);
  assert.equal(limit({ [cgroup]: '7:memory:/\n', ...none }), totalmem());
  // Processes need the rest; of very little the heap has a quarter.
  assert.deepEqual(
    [2 ** 34, 2 ** 28, 2 ** 26].map((bytes) => shareOf(bytes) * 1024),
    [0.75 * 2 ** 34, 2 ** 27, 2 ** 24],
  );
});

test('a limit that makes no sense is refused with the first shared object', () => {
  const program = `import { Lock } from 'multiproc';
    try { new Lock(); console.log('made'); } catch (error) { console.log(error.name, error.message); }`;
  const run = (limit: string) => {
    const env = { ...process.env, MULTIPROC_HEAP_LIMIT: limit };
    return spawnSync(process.execPath, ['--input-type=module', '-e', program], { env, encoding: 'utf8' }).stdout;
  };
  for (const wrong of ['0', '-1', '1.5', '1g', 'all']) {
    assert.match(run(wrong), /^RangeError MULTIPROC_HEAP_LIMIT must be a whole number of MiB/);
  }
  for (const right of ['', '1', '100000']) assert.match(run(right), /^made/);
});
