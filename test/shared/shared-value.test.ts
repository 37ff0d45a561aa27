import assert from 'node:assert/strict';
import { ClosedError, Lock, Process, Queue, type Scalar, SharedValue, StateError } from 'multiproc';
import { test } from '../cases.ts';
import { start } from '../inside.ts';

const ranges: Partial<Record<Scalar, [number | bigint, number | bigint]>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  bigint64: [-(2n ** 63n), 2n ** 63n - 1n],
  biguint64: [0n, 2n ** 64n - 1n],
};
const make = (type: string, initial?: unknown) => new SharedValue(type as 'int32', initial as number);

for (const [type, range] of Object.entries(ranges)) {
  test(`a ${type} holds its whole range, and refuses what is beyond it`, () => {
    const [min, max] = range as [number, number];
    const one = (typeof min === 'bigint' ? 1n : 1) as number;
    const value = make(type);
    assert.equal(value.value, (typeof min === 'bigint' ? 0n : 0) as number);
    for (const n of [min, max]) {
      value.value = n;
      assert.equal(value.value, n);
      assert.equal(make(type, n).value, n);
    }
    for (const n of [min - one, max + one]) {
      assert.throws(() => {
        value.value = n;
      }, RangeError);
      assert.throws(() => make(type, n), RangeError);
    }
    assert.throws(() => value.add(one), RangeError);
    assert.equal(value.value, max, 'what is refused changes nothing');
    assert.equal(value.add(-one as number), max - one);
    for (const wrong of ['1', null, {}, typeof min === 'bigint' ? 1 : 1n]) {
      assert.throws(() => {
        value.value = wrong as number;
      }, TypeError);
      assert.throws(() => value.add(wrong as number), TypeError);
    }
  });
}

test('whole numbers refuse fractions, NaN and infinities; floats hold them', () => {
  for (const n of [0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => new SharedValue('int32', n), RangeError);
    assert.throws(() => new SharedValue('int32').add(n), RangeError);
    assert.equal(new SharedValue('float64', n).value, n);
    assert.equal(new SharedValue('float32', n).value, n);
  }
  assert.equal(new SharedValue('float32', 0.1).value, Math.fround(0.1));
  assert.ok(Object.is(new SharedValue('float64', -0).value, -0));
  assert.throws(() => new SharedValue('float32', 1e39), RangeError);
  assert.throws(() => (new SharedValue('float64') as unknown as SharedValue<'int32'>).add(1), TypeError);
});

test('a kind of number that there is not is a TypeError', () => {
  for (const type of ['int64', 'i', '', undefined, 5]) assert.throws(() => make(type as string), TypeError);
});

test('additions of several processes are all counted', async () => {
  const counts = [new SharedValue('int32'), new SharedValue('uint16')] as const;
  const big = new SharedValue('bigint64', 2n ** 40n);
  const workers = [1, 2, 3].map(() =>
    start(
      ([a, b]: typeof counts, c: SharedValue<'bigint64'>) => {
        for (let i = 0; i < 20_000; i++) {
          a.add(1);
          b.add(1);
          c.add(-2n);
        }
      },
      counts,
      big,
    ),
  );
  for (const worker of workers) await worker.join();
  assert.deepEqual([counts[0].value, counts[1].value, big.value], [60_000, 60_000, 2n ** 40n - 120_000n]);
});

test('a value travels through a queue and is one object where it has been before', async () => {
  const queue = new Queue<SharedValue<'float64'>>();
  const value = new SharedValue('float64', 1.5);
  queue.putSync(value);
  assert.equal(queue.getSync(), value);
  queue.putSync(value);
  const p = start(async (q: typeof queue) => {
    (await q.get()).value = 2.5;
  }, queue);
  await p.join();
  assert.equal(value.value, 2.5);
});

test('the lock of a value is one lock in every process, made once', async () => {
  const value = new SharedValue('int32');
  const lock = value.getLock();
  assert.equal(value.getLock(), lock);
  lock.acquireSync();
  const p = start((v: SharedValue<'int32'>) => {
    v.getLock().acquireSync();
    v.value = v.value * 2 + 1;
    v.getLock().release();
  }, value);
  value.value = 10;
  lock.release();
  await p.join();
  assert.equal(value.value, 21);
  assert.equal(lock.locked(), false);
});

test('a value uses a given lock, has none for false, and throws a TypeError for anything else', () => {
  const lock = new Lock();
  assert.equal(new SharedValue('int8', 0, { lock }).getLock(), lock);
  assert.ok(new SharedValue('int8', 0, { lock: true }).getLock() instanceof Lock);
  assert.throws(() => new SharedValue('int8', 0, { lock: false }).getLock(), StateError);
  for (const wrong of ['x', 1, null]) {
    assert.throws(() => new SharedValue('int8', 0, { lock: wrong as unknown as Lock }), TypeError);
  }
  lock.close();
  assert.throws(() => new SharedValue('int8', 0, { lock }), ClosedError);
});

test('a closed value answers ClosedError, and the others go on', async () => {
  const value = new SharedValue('int32', 7);
  const [go, back] = [new Queue<number>(), new Queue<number>()];
  const p = start(
    async (v: SharedValue<'int32'>, g: Queue<number>, b: Queue<number>) => {
      await g.get();
      b.putSync(v.add(1));
    },
    value,
    go,
    back,
  );
  value.close();
  value.close();
  assert.throws(() => value.value, ClosedError);
  assert.throws(() => {
    value.value = 1;
  }, ClosedError);
  assert.throws(() => value.add(1), ClosedError);
  assert.throws(() => value.getLock(), ClosedError);
  assert.throws(() => new Process({ args: [value], target: (v: unknown) => v }).start(), ClosedError);
  go.putSync(1);
  assert.equal(await back.get(), 8);
  await p.join();
});
