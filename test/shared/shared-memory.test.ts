import assert from 'node:assert/strict';
import { chmodSync, readFileSync, statfsSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { gzip, gzipSync } from 'node:zlib';
import { ClosedError, PlatformError, Process, Queue, StateError } from 'multiproc';
import { SharedMemory } from 'multiproc/shared-memory';
import { descriptors } from '../inside.ts';
import { end, exists, freshName, hasFolder, isNoted, run } from './segments.ts';

test('a segment is a private file of exactly its size, found by its exact name, and full of zeros', () => {
  const name = freshName();
  using memory = SharedMemory.create({ name, size: 1000 });
  assert.deepEqual([memory.name, memory.size, memory.buffer.length], [name, 1000, 1000]);
  assert.equal(memory.buffer, memory.buffer);
  assert.ok(memory.buffer.every((n) => n === 0));
  const { mode, size } = statSync(`/dev/shm/${name}`);
  assert.deepEqual([mode & 0o777, size], [0o600, 1000]);
  memory.buffer[999] = 7;
  assert.equal(readFileSync(`/dev/shm/${name}`)[999], 7);
  memory.unlink();
  assert.equal(exists(name), false);
  assert.equal(memory.buffer[999], 7, 'who is attached goes on');
});

test('a SharedMemory without a name gets a new one', () => {
  const all = Array.from({ length: 20 }, () => SharedMemory.create({ size: 1 }));
  assert.equal(new Set(all.map(({ name }) => name)).size, 20);
  for (const memory of all) {
    assert.match(memory.name, /^multiproc_[0-9a-f]{12}$/);
    memory.close();
    memory.unlink();
    assert.equal(exists(memory.name), false);
  }
});

test('a taken name, one that there is not, and one that is gone are StateErrors that say so', () => {
  const name = freshName();
  using memory = SharedMemory.create({ name, size: 10 });
  memory.buffer[0] = 1;
  assert.throws(() => SharedMemory.create({ name, size: 10 }), StateError);
  assert.throws(() => SharedMemory.create({ name, size: 10 }), /is shared memory of the name/);
  assert.equal(memory.buffer[0], 1);
  assert.throws(() => SharedMemory.attach(freshName()), StateError);
  memory.unlink();
  assert.throws(() => memory.unlink(), StateError);
  assert.throws(() => SharedMemory.attach(name), /There is no shared memory of the name/);
});

test('the name of a removed segment is free, and its old maker cannot remove the new one', () => {
  const name = freshName();
  using first = SharedMemory.create({ name, size: 10 });
  SharedMemory.attach(name).unlink();
  using second = SharedMemory.create({ name, size: 20 });
  assert.throws(() => first.unlink(), StateError);
  assert.equal(exists(name), true);
  second.unlink();
});

test('wrong arguments of SharedMemory are refused', () => {
  for (const size of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60]) {
    assert.throws(() => SharedMemory.create({ size }), RangeError);
  }
  for (const size of ['5', undefined, null, 5n]) {
    assert.throws(() => SharedMemory.create({ size: size as unknown as number }), TypeError);
  }
  for (const name of ['', '/x', 'a/b', '.', '..', 'a\0', 'x'.repeat(256), 'é'.repeat(128)]) {
    assert.throws(() => SharedMemory.create({ name, size: 1 }), RangeError);
    assert.throws(() => SharedMemory.attach(name), RangeError);
  }
  for (const name of [5, null, {}]) assert.throws(() => SharedMemory.attach(name as string), TypeError);
  for (const options of [undefined, null, 5]) assert.throws(() => SharedMemory.create(options as never), TypeError);
  const longest = freshName().padEnd(255, 'x');
  using memory = SharedMemory.create({ name: longest, size: 1 });
  memory.unlink();
});

test('more than there is room for, or than a view can show, is refused and leaves nothing behind', () => {
  const name = freshName();
  const { bsize, blocks } = statfsSync('/dev/shm');
  assert.throws(
    () => SharedMemory.create({ name, size: bsize * blocks + 2 ** 32 }),
    (error) => error instanceof RangeError || error instanceof PlatformError,
  );
  assert.equal(exists(name), false);
  assert.equal(isNoted(name), false);
});

test('a closed segment answers ClosedError; its name remains, and can be removed', () => {
  const memory = SharedMemory.create({ size: 100 });
  const { name, buffer } = memory;
  buffer.fill(3);
  const part = buffer.subarray(10);
  memory.close();
  memory.close();
  for (const use of [() => memory.buffer, () => memory.size]) assert.throws(use, ClosedError);
  assert.throws(() => new Queue().putSync(memory), ClosedError);
  assert.equal(memory.name, name);
  // Views that are still there show nothing, and writing to them is harmless.
  part[0] = 9;
  for (const view of [buffer, part]) assert.ok(view.length === 0 || view.every((n) => n === 0 || n === 9));
  using again = SharedMemory.attach(name);
  assert.ok(again.buffer.every((n) => n === 3));
  memory.unlink();
  assert.equal(exists(name), false);
});

test("closing while Node's own threads work on the memory is no crash", async () => {
  const pending: Promise<unknown>[] = [];
  for (let i = 0; i < 20; i++) {
    const memory = SharedMemory.create({ size: 2 ** 20 });
    pending.push(promisify(gzip)(memory.buffer));
    memory.unlink();
    memory.close();
  }
  for (const result of await Promise.allSettled(pending)) assert.equal(result.status, 'fulfilled');
  assert.ok(gzipSync(Buffer.alloc(1)).length > 0);
});

test('unrelated programs share a segment by its name, and a removed name leaves those attached alone', async () => {
  const name = freshName();
  using memory = SharedMemory.create({ name, size: 64 });
  memory.buffer.fill(1);
  const { child, line } = await run('shared-memory-user', name);
  assert.equal(line, '2');
  assert.ok(memory.buffer.every((n) => n === 2));
  memory.unlink();
  memory.buffer[5] = 77;
  assert.equal(memory.buffer[5], 77);
  await end(child);
});

test('a SharedMemory travels in the family by its name, and arrives attached', async () => {
  using memory = SharedMemory.create({ size: 8 });
  const queue = new Queue<SharedMemory>();
  const p = new Process({
    target: async (m: SharedMemory, q: Queue<SharedMemory>) => {
      m.buffer[0] = m.size;
      const back = await q.get();
      back.buffer[1] = back.name === m.name ? 1 : 2;
    },
    args: [memory, queue],
  });
  p.start();
  await queue.put(memory);
  await p.join();
  assert.deepEqual([...memory.buffer.subarray(0, 2)], [8, 1]);
  queue.putSync(memory);
  memory.unlink();
  using other = SharedMemory.create({ size: 8, name: memory.name });
  assert.throws(() => queue.getSync(), StateError, 'another of the same name is not taken for it');
  other.unlink();
});

test('the bytes of a segment in a message are a copy', () => {
  using memory = SharedMemory.create({ size: 40_000 });
  memory.unlink();
  const queue = new Queue<Uint8Array>();
  for (const length of [10, 40_000]) {
    queue.putSync(memory.buffer.subarray(0, length));
    memory.buffer[0] = 9;
    assert.equal(queue.getSync()[0], 0);
    memory.buffer[0] = 0;
  }
});

test('a file that is no shared memory, or empty as yet, is refused', () => {
  const name = freshName();
  writeFileSync(`/dev/shm/${name}`, '');
  assert.throws(() => SharedMemory.attach(name), /empty/);
  unlinkSync(`/dev/shm/${name}`);
});

test('a file that another user could cut while it is in use is refused', () => {
  const name = freshName();
  const path = `/dev/shm/${name}`;
  writeFileSync(path, 'abc', { mode: 0o600 });
  const refused = { code: 'ERR_STATE', message: /another user/ };
  for (const mode of [0o620, 0o602]) {
    chmodSync(path, mode);
    assert.throws(() => SharedMemory.attach(name), refused);
  }
  chmodSync(path, 0o600);
  const own = process.geteuid!;
  process.geteuid = () => own() + 1;
  try {
    assert.throws(() => SharedMemory.attach(name), refused);
  } finally {
    process.geteuid = own;
  }
  using memory = SharedMemory.attach(name);
  assert.deepEqual([...memory.buffer], [97, 98, 99]);
  memory.unlink();
});

test('a thousand segments leave no descriptor and no name behind', () => {
  SharedMemory.create({ size: 1 }).unlink();
  const before = descriptors();
  for (let i = 0; i < 1000; i++) {
    const memory = SharedMemory.create({ size: 5000 });
    memory.buffer[4999] = 1;
    using same = SharedMemory.attach(memory.name);
    assert.equal(same.buffer[4999], 1);
    if (i % 2 === 0) memory.close();
    memory.unlink();
    memory.close();
  }
  assert.ok(descriptors() <= before + 1);
  assert.equal(hasFolder(process.pid), false);
});
