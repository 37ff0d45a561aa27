import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ShareableList, SharedMemory } from 'multiproc/shared-memory';
import { runPython, withPython } from './python.ts';
import { exists, freshName } from './segments.ts';

test('Python attaches to a segment of ours, and both see what either writes', withPython, async () => {
  using memory = SharedMemory.create({ size: 1000 });
  memory.buffer.set([1, 2, 3]);
  const program = `
memory = attach(sys.argv[1])
print(memory.size, list(memory.buf[:3]))
memory.buf[999] = 77
memory.close()
`;
  assert.equal(await runPython(program, memory.name), '1000 [1, 2, 3]');
  assert.equal(memory.buffer[999], 77);
  assert.equal(exists(memory.name), true);
  memory.unlink();
});

test('we attach to a segment of Python, which is never swept', withPython, async () => {
  const name = freshName();
  const program = `
memory = shared_memory.SharedMemory(sys.argv[1], create=True, size=5000)
memory.buf[4999] = 5
from multiprocessing import resource_tracker
resource_tracker.unregister(memory._name, "shared_memory")
memory.close()
`;
  await runPython(program, name);
  SharedMemory.create({ size: 1 }).unlink();
  using memory = SharedMemory.attach(name);
  assert.deepEqual([memory.size, memory.buffer[4999]], [5000, 5]);
  memory.unlink();
  assert.equal(exists(name), false);
});

test('Python may remove a segment of ours; who is attached goes on', withPython, async () => {
  using memory = SharedMemory.create({ size: 10 });
  memory.buffer[0] = 4;
  await runPython('attach(sys.argv[1]).unlink()', memory.name);
  assert.equal(exists(memory.name), false);
  assert.equal(memory.buffer[0], 4);
});

const ITEMS = [
  'howdy',
  'é日👍',
  '',
  Uint8Array.of(0, 1, 255),
  273.15,
  -5,
  2 ** 40,
  -0,
  true,
  false,
  null,
  -(2n ** 63n),
];

test('Python reads and changes a list of ours', withPython, async () => {
  using list = new ShareableList(ITEMS);
  const program = `
ll = shared_memory.ShareableList(name=sys.argv[1])
print(ascii(list(ll)), len(ll), ll.format)
ll[0] = 'hi'
ll[3] = b'\\x01\\x00\\x02'
ll[4] = 5
ll[5] = 0.5
ll[8] = None
ll[10] = True
ll.shm.close()
from multiprocessing import resource_tracker
resource_tracker.unregister(ll.shm._name, "shared_memory")
`;
  const [values, ...rest] = (await runPython(program, list.shm.name)).split(/(?<=\]) /);
  assert.equal(
    values,
    String.raw`['howdy', '\xe9\u65e5\U0001f44d', '', b'\x00\x01\xff', 273.15, -5, 1099511627776, -0.0, True, False, None, -9223372036854775808]`,
  );
  assert.equal(rest.join(' '), '12 8s16s8s8sdqqdxxxxxxx?xxxxxxx?xxxxxx?xq');
  assert.deepEqual(
    [...list],
    ['hi', 'é日👍', '', Uint8Array.of(1, 0, 2), 5, 0.5, 2 ** 40, -0, null, false, true, -(2n ** 63n)],
  );
  list.shm.unlink();
});

test('we read and change a list of Python', withPython, async () => {
  const name = freshName();
  const make = `
ll = shared_memory.ShareableList(['howdy', b'x\\x00y', -273.154, 100, None, True, 42, 2**60], name=sys.argv[1])
from multiprocessing import resource_tracker
resource_tracker.unregister(ll.shm._name, "shared_memory")
`;
  await runPython(make, name);
  using list = new ShareableList(undefined, { name });
  assert.deepEqual([...list], ['howdy', Uint8Array.of(120, 0, 121), -273.154, 100, null, true, 42, 2n ** 60n]);
  list[0] = 'bye';
  list[1] = 'text';
  list[4] = 7;
  list.set(-1, 1.5);
  assert.throws(() => list.set(0, 'nul\0'), /which a list that was made by Python cannot keep/);
  assert.throws(() => list.set(0, 'longer than it was'), RangeError);
  const program = `
memory = attach(sys.argv[1])
memory.close()
from multiprocessing import resource_tracker
ll = shared_memory.ShareableList(name=sys.argv[1])
print(list(ll))
resource_tracker.unregister(ll.shm._name, "shared_memory")
`;
  assert.equal(await runPython(program, name), "['bye', 'text', -273.154, 100, 7, True, 42, 1.5]");
  list.shm.unlink();
});

test('what Python assigns over a text that ended with NULs is not taken for that text', withPython, async () => {
  using list = new ShareableList(['ab\0\0', 5n, 'cd\0']);
  const program = `
ll = shared_memory.ShareableList(name=sys.argv[1])
ll[0] = 'xy'
ll[1] = 6
from multiprocessing import resource_tracker
resource_tracker.unregister(ll.shm._name, "shared_memory")
`;
  await runPython(program, list.shm.name);
  assert.deepEqual([...list], ['xy', 6, 'cd\0']);
  list.shm.unlink();
});
