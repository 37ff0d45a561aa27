// Every public call of shared values and memory with what makes no sense: each has its error, of the right class, and has changed nothing.
import { after, describe, test } from 'node:test';
import { ClosedError, Lock, Queue, Semaphore, SharedArray, SharedValue, StateError } from 'multiproc';
import { ShareableList, SharedMemory } from 'multiproc/shared-memory';
import { watchdog } from '../hang.ts';
import { Refusals, type Wrong, wrong } from '../refusals.ts';

const dog = watchdog('bad input of shared values and memory', 300);
after(() => dog[Symbol.dispose]());

describe('shared values and memory', () => {
  test('a wrong call of a SharedValue is refused', async () => {
    const made = new Refusals();
    const gone = new Lock();
    gone.close();
    await made.throws(
      TypeError,
      () => new SharedValue(wrong(undefined)),
      () => new SharedValue(wrong('i')),
      () => new SharedValue(wrong('toString')),
      () => new SharedValue(wrong(null)),
      () => new SharedValue('int32', wrong('5')),
      () => new SharedValue('int32', wrong(null)),
      () => new SharedValue('int32', wrong(5n)),
      () => new SharedValue('bigint64', wrong(5)),
      () => new SharedValue('float64', wrong('x')),
      () => new SharedValue('int32', 0, wrong(null)),
      () => new SharedValue('int32', 0, wrong(false)),
      () => new SharedValue('int32', 0, { lock: wrong(null) }),
      () => new SharedValue('int32', 0, { lock: wrong('no') }),
      () => new SharedValue('int32', 0, { lock: wrong(new Semaphore()) }),
    );
    await made.throws(
      RangeError,
      () => new SharedValue('int8', 128),
      () => new SharedValue('uint8', -1),
      () => new SharedValue('int32', 0.5),
      () => new SharedValue('int32', Number.NaN),
      () => new SharedValue('uint32', 2 ** 32),
      () => new SharedValue('bigint64', 2n ** 63n),
      () => new SharedValue('float32', 1e300),
    );
    await made.throws(ClosedError, () => new SharedValue('int32', 0, { lock: gone }));
    made.end();
    const v: Wrong = new SharedValue('int8', 5);
    const r = new Refusals(() => v.value);
    await r.throws(
      RangeError,
      () => (v.value = 128),
      () => (v.value = 0.5),
      () => (v.value = Number.NaN),
      () => v.add(200),
      () => v.add(0.5),
      () => v.add(Number.NaN),
    );
    await r.throws(
      TypeError,
      () => (v.value = '5'),
      () => (v.value = null),
      () => (v.value = undefined),
      () => v.add(),
      () => v.add('1'),
      () => v.add(1n),
    );
    const float: Wrong = new SharedValue('float64', 1, { lock: false });
    await r.throws(TypeError, () => float.add(1));
    await r.throws(StateError, () => float.getLock());
    r.end();
    v.close();
    v.close();
    const over = new Refusals();
    await over.throws(
      ClosedError,
      () => v.value,
      () => (v.value = 1),
      () => v.add(1),
      () => v.getLock(),
    );
    over.end();
  });

  test('a wrong call of a SharedArray is refused', async () => {
    const made = new Refusals();
    await made.throws(
      TypeError,
      () => new SharedArray(wrong(undefined), 1),
      () => new SharedArray(wrong('d'), 1),
      () => new SharedArray('int32', wrong(undefined)),
      () => new SharedArray('int32', wrong(null)),
      () => new SharedArray('int32', wrong({ length: 3 })),
      () => new SharedArray('int32', wrong(['1'])),
      () => new SharedArray('int32', wrong([1, null])),
      () => new SharedArray('int32', wrong('123')),
      () => new SharedArray('bigint64', wrong([1])),
      () => new SharedArray('int32', wrong(3n)),
      () => new SharedArray('int32', 1, wrong(null)),
      () => new SharedArray('int32', 1, { lock: wrong(1) }),
    );
    await made.throws(
      RangeError,
      () => new SharedArray('int32', -1),
      () => new SharedArray('int32', 1.5),
      () => new SharedArray('int32', Number.NaN),
      () => new SharedArray('int32', Number.POSITIVE_INFINITY),
      () => new SharedArray('int32', 2 ** 40),
      () => new SharedArray('int8', [1, 128]),
      () => new SharedArray('uint8', [0.5]),
    );
    made.end();
    const a = new SharedArray('int32', [1, 2]);
    a.close();
    a.close();
    const over = new Refusals();
    await over.throws(
      ClosedError,
      () => a.view,
      () => a.length,
      () => a.getLock(),
      () => [...a],
      () => new SharedArray('int32', a),
    );
    over.end();
  });

  test('a wrong call of a SharedMemory is refused', async () => {
    const made = new Refusals();
    const C: Wrong = SharedMemory;
    await made.throws(
      TypeError,
      () => C.create(),
      () => C.create(null),
      () => C.create(100),
      () => C.create({}),
      () => C.create({ size: '5' }),
      () => C.create({ size: 5n }),
      () => C.create({ size: 5, name: 5 }),
      () => C.create({ size: 5, name: null }),
      () => C.create({ size: 5, persist: 'yes' }),
      () => C.attach(),
      () => C.attach(null),
      () => C.attach({ name: 'x' }),
      () => new C({ size: 5 }),
      () => new C(),
    );
    await made.throws(
      RangeError,
      () => C.create({ size: 0 }),
      () => C.create({ size: -1 }),
      () => C.create({ size: 0.5 }),
      () => C.create({ size: Number.NaN }),
      () => C.create({ size: 2 ** 60 }),
      () => C.create({ size: 5, name: '' }),
      () => C.create({ size: 5, name: '..' }),
      () => C.create({ size: 5, name: 'a/b' }),
      () => C.create({ size: 5, name: 'a'.repeat(256) }),
      () => C.attach(''),
      () => C.attach('../etc'),
    );
    const memory = SharedMemory.create({ size: 5 });
    await made.throws(
      StateError,
      () => C.attach('there-is-no-such-segment'),
      () => C.create({ size: 5, name: memory.name }),
    );
    made.end();
    memory.close();
    memory.close();
    const over = new Refusals(() => memory.name);
    await over.throws(
      ClosedError,
      () => memory.buffer,
      () => memory.size,
      () => new Queue().putNowait(memory),
    );
    memory.unlink();
    await over.throws(StateError, () => memory.unlink());
    over.end();
  });

  test('a wrong call of a ShareableList is refused', async () => {
    const C: Wrong = ShareableList;
    const made = new Refusals();
    await made.throws(
      TypeError,
      () => new C(),
      () => new C(null),
      () => new C(5),
      () => new C({ length: 1 }),
      () => new C([{}]),
      () => new C([undefined]),
      () => new C([[1]]),
      () => new C([1], null),
      () => new C([1], 'name'),
      () => new C([1], { name: 5 }),
      () => new C(undefined, { name: null }),
      () => C.attach(),
      () => C.attach(null),
    );
    await made.throws(
      RangeError,
      () => new C([2n ** 64n]),
      () => new C([1], { name: 'a/b' }),
      () => C.attach('a/b'),
    );
    await made.throws(StateError, () => C.attach('there-is-no-such-list'));
    made.end();
    const list: Wrong = new ShareableList([1, 'two', null]);
    const r = new Refusals(() => [...list]);
    await r.throws(
      TypeError,
      () => list.at('0'),
      () => list.at(),
      () => list.at(null),
      () => list.set(0, {}),
      () => list.set(0, undefined),
      () => list.set('0', 1),
    );
    await r.throws(
      RangeError,
      () => list.at(3),
      () => list.at(-4),
      () => list.at(0.5),
      () => list.at(Number.NaN),
      () => list.set(3, 1),
      () => list.set(1, 'far too long for its place'),
      () => list.index('three'),
    );
    await r.throws(TypeError, () => (list[3] = 1));
    r.end();
    list.shm.unlink();
    list.close();
    list.close();
    const over = new Refusals();
    await over.throws(
      ClosedError,
      () => list.length,
      () => list[0],
      () => list.at(0),
      () => list.set(0, 1),
      () => (list[0] = 1),
      () => list.count(1),
      () => list.index(1),
      () => list.format,
      () => [...list],
    );
    over.end();
  });
});
