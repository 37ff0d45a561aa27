import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import {
  ClosedError,
  Empty,
  Full,
  Process,
  Queue,
  registerClass,
  SerializationError,
  SharedValue,
  ShutDown,
  SimpleQueue,
} from 'multiproc';
import { test } from '../cases.ts';
import { waiting } from '../inside.ts';

describe('put and get', () => {
  test('items come out in the order in which they went in, whichever way they go in and out', async () => {
    const queue = new Queue<unknown>();
    queue.putSync(1);
    await queue.put('two');
    queue.putNowait({ three: 3 });
    await queue.putMany([4, 5]);
    assert.equal(queue.qsize(), 5);
    assert.equal(await queue.get(), 1);
    assert.equal(queue.getSync(), 'two');
    assert.deepEqual(queue.getNowait(), { three: 3 });
    assert.deepEqual(await queue.getMany(9), [4, 5]);
    assert.equal(queue.empty(), true);
  });

  test('numbers of every kind arrive as they were put', () => {
    const queue = new Queue<number>();
    const numbers = [0, -0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 0.5, Number.NaN, Number.POSITIVE_INFINITY];
    for (const n of numbers) queue.putSync(n);
    for (const n of numbers) assert.ok(Object.is(queue.getSync(), n));
  });

  test('a bound of a queue that makes no sense is refused', () => {
    assert.throws(() => new Queue('3' as never), TypeError);
    assert.throws(() => new Queue(Number.NaN), RangeError);
    for (const none of [undefined, 0, -1, 2 ** 31]) assert.equal(new Queue(none).maxsize, 0);
    for (const bad of [2.5, 0.5, Number.NaN]) assert.throws(() => new Queue(bad), RangeError);
  });

  test('a bounded queue is full at its bound', async () => {
    const queue = new Queue<number>(2);
    assert.equal(queue.full(), false);
    queue.putSync(1);
    await queue.put(2);
    assert.equal(queue.full(), true);
    assert.throws(() => queue.putNowait(3), Full);
    assert.equal(queue.qsize(), 2);
    assert.equal(queue.getSync(), 1);
    assert.equal(queue.full(), false);
  });

  test('a promise that waits for room is served by a get, one that waits for an item by a put', async () => {
    const queue = new Queue<number>(1);
    const got = queue.get();
    queue.putSync(1);
    assert.equal(await got, 1);
    queue.putSync(2);
    const put = queue.put(3);
    assert.equal(queue.getSync(), 2);
    await put;
    assert.equal(queue.getSync(), 3);
  });

  test('waiters are served in order of arrival, at both ends', async () => {
    const queue = new Queue<number>(1);
    const gets = [queue.get(), queue.get({ timeout: 30_000 }), queue.get()];
    await queue.putMany([1, 2, 3]);
    assert.deepEqual(await Promise.all(gets), [1, 2, 3]);
    const puts = [4, 5, 6, 7].map((n) => queue.put(n, n % 2 === 0 ? undefined : { timeout: 30_000 }));
    assert.deepEqual([await queue.get(), await queue.get(), await queue.get(), await queue.get()], [4, 5, 6, 7]);
    await Promise.all(puts);
  });

  test('a loop of gets over a full queue leaves timers their turn', async () => {
    const queue = new Queue<number>();
    for (let i = 0; i < 200_000; i++) queue.putSync(i);
    let left = 0;
    const timer = setTimeout(1).then(() => {
      left = queue.qsize();
    });
    for (let i = 0; i < 200_000; i++) await queue.get();
    await timer;
    assert.ok(left > 0);
  });

  test('a loop of puts leaves timers their turn', async () => {
    const queue = new Queue<number>();
    let fired = false;
    const timer = setTimeout(1).then(() => {
      fired = true;
    });
    while (!fired) await queue.put(1);
    await timer;
  });
});

describe('time-outs and aborts', () => {
  test('a time-out is Empty or Full, not before its time; 0 tries once', async () => {
    const queue = new Queue<number>(1);
    const begin = performance.now();
    await assert.rejects(queue.get({ timeout: 20 }), Empty);
    assert.throws(() => queue.getSync({ timeout: 20 }), Empty);
    await queue.put(1, { timeout: 0 });
    await assert.rejects(queue.put(2, { timeout: 20 }), Full);
    assert.throws(() => queue.putSync(2, { timeout: 20 }), Full);
    assert.ok(performance.now() - begin >= 78);
    await assert.rejects(queue.put(2, { timeout: 0 }), Full);
    assert.throws(() => queue.putSync(2, { timeout: 0 }), Full);
    assert.equal(await queue.get({ timeout: 0 }), 1);
    await assert.rejects(queue.get({ timeout: 0 }), Empty);
    assert.throws(() => queue.getSync({ timeout: 0 }), Empty);
    assert.equal(waiting(queue) + waiting(queue, 'put'), 0);
  });

  test('a time-out that the event loop was too busy to see still finds what came', async () => {
    const queue = new Queue<number>();
    const got = queue.get({ timeout: 5 });
    queue.putSync(1);
    for (const end = performance.now() + 30; performance.now() < end; );
    assert.equal(await got, 1);
  });

  test('very long time-outs do not end at once', async () => {
    for (const timeout of [2 ** 31, 1e300, Number.MAX_VALUE, Number.POSITIVE_INFINITY]) {
      const queue = new Queue<number>();
      const got = queue.get({ timeout });
      await setTimeout(2);
      queue.putSync(1);
      assert.equal(await got, 1);
    }
  });

  test('options of put and get that make no sense are refused, and change nothing', async () => {
    const queue = new Queue<number>(1);
    for (const timeout of [-1, Number.NaN, Number.NEGATIVE_INFINITY]) {
      await assert.rejects(queue.get({ timeout }), RangeError);
      await assert.rejects(queue.put(1, { timeout }), RangeError);
      await assert.rejects(queue.putMany([1], { timeout }), RangeError);
      await assert.rejects(queue.getMany(1, { timeout }), RangeError);
      assert.throws(() => queue.getSync({ timeout }), RangeError);
      assert.throws(() => queue.putSync(1, { timeout }), RangeError);
    }
    for (const options of [1000, null, true, 'soon'] as never[]) {
      await assert.rejects(queue.get(options), TypeError);
      await assert.rejects(queue.put(1, options), TypeError);
      await assert.rejects(queue.putMany([1], options), TypeError);
      assert.throws(() => queue.getSync(options), TypeError);
      assert.throws(() => queue.putSync(1, options), TypeError);
    }
    await assert.rejects(queue.get({ timeout: '5' as never }), TypeError);
    await assert.rejects(queue.getMany(0), RangeError);
    await assert.rejects(queue.getMany(1.5), RangeError);
    assert.equal(queue.qsize(), 0);
  });

  test('an abort rejects with its reason, takes nothing and puts nothing', async () => {
    const queue = new Queue<string>(1);
    const reason = { my: 'reason' };
    const aborted = { signal: AbortSignal.abort(reason) };
    await assert.rejects(queue.put('x', aborted), (e) => e === reason);
    assert.equal(queue.qsize(), 0);
    queue.putSync('a');
    await assert.rejects(queue.get(aborted), (e) => e === reason);
    const putting = new AbortController();
    const put = queue.put('b', { signal: putting.signal });
    putting.abort(reason);
    await assert.rejects(put, (e) => e === reason);
    assert.equal(queue.getSync(), 'a');
    const getting = new AbortController();
    const got = queue.get({ signal: getting.signal });
    const next = queue.get();
    getting.abort(reason);
    await assert.rejects(got, (e) => e === reason);
    queue.putSync('c');
    assert.equal(await next, 'c');
    assert.equal(queue.empty(), true);
  });
});

describe('putMany and getMany', () => {
  test('the error of a putMany says by done how many items are in', async () => {
    const queue = new Queue<unknown>(3);
    await assert.rejects(
      queue.putMany([1, 2, 3, 4, 5], { timeout: 5 }),
      (e: Full) => e instanceof Full && e.done === 3,
    );
    assert.deepEqual(await queue.getMany(2), [1, 2]);
    await assert.rejects(queue.putMany([7, Symbol('no')]), (e: Error & { done: number }) => {
      assert.ok(e instanceof SerializationError);
      return e.done === 1;
    });
    assert.deepEqual(await queue.getMany(9), [3, 7]);
    queue.shutdown();
    await assert.rejects(queue.putMany([1]), (e: ShutDown) => e instanceof ShutDown && e.done === 0);
    await assert.rejects(queue.getMany(1), ShutDown);
  });

  test('items of every kind and any number keep their order, also through a narrow queue', async () => {
    const shared = new SharedValue('int32', 5);
    const items = Array.from({ length: 2000 }, (_, i) => {
      if (i % 97 === 96) return 'long '.repeat(10_000);
      if (i % 31 === 30) return shared;
      return i % 3 === 2 ? { i } : i;
    });
    for (const bound of [0, 1, 2, 255, 300]) {
      const queue = new Queue<unknown>(bound);
      const put = queue.putMany(items);
      const got: unknown[] = [];
      while (got.length < items.length) got.push(...(await queue.getMany(got.length % 7 === 0 ? 1 : 999)));
      await put;
      assert.equal(queue.qsize(), 0);
      for (const [i, item] of got.entries()) {
        if (items[i] === shared) assert.equal((item as SharedValue).value, 5);
        else assert.deepEqual(item, items[i]);
      }
    }
  });

  test('two producers fill a narrow queue from both sides of another process, and each keeps its order', async () => {
    const queue = new Queue<number>(10);
    const produce = async (queue: Queue<number>, from: number) => {
      await queue.putMany(Array.from({ length: 3000 }, (_, i) => from + i));
    };
    const other = new Process({ target: produce, args: [queue, 10_000] });
    other.start();
    const here = produce(queue, 0);
    const got: number[] = [];
    while (got.length < 6000) got.push(...(await queue.getMany(7)));
    await Promise.all([here, other.join()]);
    const of = (isOther: boolean) => got.filter((n) => n >= 10_000 === isOther);
    assert.deepEqual(
      of(false),
      Array.from({ length: 3000 }, (_, i) => i),
    );
    assert.deepEqual(
      of(true),
      Array.from({ length: 3000 }, (_, i) => 10_000 + i),
    );
  });

  test('one putMany wakes every process that waits', async () => {
    const queue = new Queue<number>();
    const got = new Queue<number>();
    const members = [1, 2, 3].map(
      () =>
        new Process({
          target: async (queue: Queue<number>, got: Queue<number>) => got.put(await queue.get()),
          args: [queue, got],
        }),
    );
    for (const p of members) p.start();
    await queue.putMany([1, 2, 3]);
    const all = [await got.get(), await got.get(), await got.get()];
    assert.deepEqual(all.sort(), [1, 2, 3]);
    for (const p of members) await p.join();
  });

  test('items that wait for room are in or not when the put is aborted, times out or meets the end', async () => {
    const queue = new Queue<number>(3);
    const items = Array.from({ length: 9 }, (_, i) => i);
    const stop = new AbortController();
    const aborted = queue.putMany(items, { signal: stop.signal });
    assert.deepEqual(await queue.getMany(3), [0, 1, 2]);
    while (queue.qsize() < 3) await new Promise(setImmediate);
    stop.abort();
    await assert.rejects(aborted, { name: 'AbortError' });
    assert.deepEqual(await queue.getMany(9), [3, 4, 5]);
    const ended = queue.putMany(items);
    queue.shutdown();
    await assert.rejects(ended, (e: ShutDown) => e instanceof ShutDown && e.done === 3);
    assert.deepEqual(await queue.getMany(9), [0, 1, 2]);
  });

  test('what an iterator has given goes in before it takes its time, and before its error', async () => {
    const queue = new Queue<number>();
    function* slow() {
      yield 1;
      const start = performance.now();
      while (performance.now() < start + 3);
      yield 2;
      // The first two are in, for others to take, while the iterator goes on.
      assert.equal(queue.qsize(), 2);
      yield 3;
      throw new RangeError('no more');
    }
    await assert.rejects(
      queue.putMany(slow()),
      (e: Error & { done: number }) => e instanceof RangeError && e.done === 3,
    );
    assert.deepEqual(await queue.getMany(9), [1, 2, 3]);
  });

  test('a queue that is closed during a putMany takes no more', async () => {
    const queue = new Queue<number>(2);
    const put = queue.putMany([1, 2, 3]);
    queue.close();
    await assert.rejects(put, (e: Error & { done: number }) => e instanceof ClosedError && e.done === 2);
    await assert.rejects(queue.putMany([1]), (e: Error & { done: number }) => e instanceof ClosedError && e.done === 0);
  });

  test('getMany gives what there was before the end', async () => {
    const queue = new Queue<number>();
    queue.putSync(1);
    queue.shutdown();
    assert.deepEqual(await queue.getMany(5), [1]);
    await assert.rejects(queue.getMany(5), ShutDown);
  });
});

describe('shutdown', () => {
  test('after a shutdown nothing goes in, and what is inside comes out', async () => {
    const queue = new Queue<number>(1);
    queue.putSync(1);
    const put = queue.put(2);
    queue.shutdown();
    await assert.rejects(put, ShutDown);
    assert.throws(() => queue.putSync(2), ShutDown);
    assert.throws(() => queue.putNowait(2), ShutDown);
    assert.equal(await queue.get(), 1);
    await assert.rejects(queue.get(), ShutDown);
    assert.throws(() => queue.getSync({ timeout: 5 }), ShutDown);
    assert.throws(() => queue.getNowait(), ShutDown);
    queue.shutdown();
    assert.equal(queue.qsize(), 0);
  });

  test('an immediate shutdown throws away what is inside', async () => {
    const queue = new Queue<unknown>();
    await queue.putMany([1, 'two', new Uint8Array(100_000)]);
    queue.shutdown();
    queue.shutdown({ immediate: true });
    assert.equal(queue.qsize(), 0);
    await assert.rejects(queue.get(), ShutDown);
    queue.shutdown();
    await assert.rejects(queue.get(), ShutDown);
  });

  test('iteration ends at a shutdown; leaving it early costs no item', async () => {
    const queue = new Queue<number>();
    await queue.putMany([1, 2, 3, 4]);
    for await (const n of queue) if (n === 2) break;
    assert.equal(queue.qsize(), 2);
    queue.shutdown();
    const rest: number[] = [];
    for await (const n of queue) rest.push(n);
    assert.deepEqual(rest, [3, 4]);
  });
});

describe('close', () => {
  test('close ends the waits of this process and every later use', async () => {
    const queue = new Queue<number>(1);
    const got = queue.get();
    queue.close();
    await assert.rejects(got, ClosedError);
    queue.close();
    queue[Symbol.dispose]();
    for (const use of [
      () => queue.put(1),
      () => queue.get(),
      () => queue.putMany([]),
      () => queue.getMany(1),
      () => queue[Symbol.asyncIterator]().next(),
      () => new Queue().put(queue),
    ]) {
      await assert.rejects(use(), ClosedError);
    }
    for (const use of [
      () => queue.putSync(1),
      () => queue.getSync(),
      () => queue.putNowait(1),
      () => queue.getNowait(),
      () => queue.qsize(),
      () => queue.empty(),
      () => queue.full(),
      () => queue.maxsize,
      () => queue.shutdown(),
    ]) {
      assert.throws(use, ClosedError);
    }
  });

  test('close ends a put that waits', async () => {
    const queue = new Queue<number>(1);
    queue.putSync(1);
    const put = queue.put(2);
    queue.close();
    await assert.rejects(put, ClosedError);
  });

  test('leaving a using block closes the queue', () => {
    let outside: SimpleQueue<number>;
    {
      using queue = new SimpleQueue<number>();
      outside = queue;
    }
    assert.throws(() => outside.empty(), ClosedError);
  });
});

describe('items', () => {
  test('an item that cannot be sent is refused, and the queue goes on', async () => {
    const queue = new Queue<unknown>(2);
    queue.putSync(1);
    await assert.rejects(queue.put({ a: [Symbol('no')] }), (e: SerializationError) => {
      assert.ok(e instanceof SerializationError);
      return e.path === 'item.a[0]';
    });
    assert.throws(() => queue.putSync(new WeakMap()), SerializationError);
    const culprit = {
      get boom() {
        throw new RangeError('mine');
      },
    };
    await assert.rejects(queue.put(culprit), RangeError);
    assert.equal(queue.qsize(), 1);
    queue.putNowait(2);
    assert.throws(() => queue.putNowait(3), Full);
    assert.deepEqual(await queue.getMany(5), [1, 2]);
  });

  test('a getter that puts into the same queue comes before its own item', async () => {
    const queue = new Queue<unknown>();
    await queue.put({
      get inner() {
        queue.putSync('first');
        return 'x';
      },
    });
    assert.equal(await queue.get(), 'first');
    assert.deepEqual(await queue.get(), { inner: 'x' });
  });

  test('a decode that gets from the same queue, blocking or not, loses no item', async () => {
    const queue = new Queue<unknown>();
    const inner: Promise<unknown>[] = [];
    class Eager {}
    const decode = () => {
      inner.push(queue.get());
      return 'eager';
    };
    registerClass(Eager, { name: 'Eager', encode: () => 0, decode });
    const waits = [queue.get(), queue.get()];
    queue.putSync(new Eager());
    queue.putSync('second');
    queue.putSync('third');
    assert.deepEqual(await Promise.all(waits), ['eager', 'second']);
    assert.deepEqual(await Promise.all(inner), ['third']);
    assert.equal(queue.empty(), true);
  });

  test('a decode that fails rejects its get, and getMany hands out those before it', async () => {
    const queue = new Queue<unknown>();
    class Broken {}
    const decode = () => {
      throw new RangeError('mine');
    };
    registerClass(Broken, { name: 'Broken', encode: () => 0, decode });
    await queue.putMany([new Broken(), 1, 2, new Broken(), 3]);
    await assert.rejects(queue.get(), RangeError);
    await assert.rejects(queue.getMany(9), (e: Error & { items: unknown[] }) => {
      assert.deepEqual(e.items, [1, 2]);
      return e instanceof RangeError;
    });
    assert.deepEqual(await queue.getMany(9), [3]);
  });

  test('a queue in a queue in a queue comes back as the same object', async () => {
    const [a, b, c] = [new Queue<unknown>(), new Queue<unknown>(), new SimpleQueue<unknown>()];
    c.putSync('deep');
    b.putSync(c);
    a.putSync({ b, twice: [b, a] });
    const got = (await a.get()) as { b: Queue<SimpleQueue<string>>; twice: unknown[] };
    assert.equal(got.b, b);
    assert.equal(got.twice[0], b);
    assert.equal(got.twice[1], a);
    const inner = (await got.b.get()) as SimpleQueue<string>;
    assert.equal(inner, c);
    assert.equal(inner.getSync(), 'deep');
  });

  test('many large and small binaries in one item arrive whole, empty ones too', async () => {
    const queue = new Queue<Uint8Array[]>();
    const sizes = [0, 1, 100, 40_000, 32_768, 0, 1 << 20, 65_536, 32_767];
    const item = sizes.map((size, i) => new Uint8Array(size).fill(i + 1));
    await queue.put(item);
    assert.deepEqual(await queue.get(), item);
    await queue.put([]);
    assert.deepEqual(await queue.get(), []);
  });

  test('a message of 512 MB arrives whole', async () => {
    const queue = new Queue<Uint8Array>(1);
    const bytes = new Uint8Array(512e6);
    bytes[0] = 1;
    bytes[511_999_999] = 2;
    await queue.put(bytes);
    const got = await queue.get();
    assert.equal(got.length, 512e6);
    assert.equal(got[0], 1);
    assert.equal(got[511_999_999], 2);
  });

  test('a binary of more than 1 GiB is refused in words', async () => {
    const queue = new Queue<unknown>(1);
    await assert.rejects(queue.put(new Uint8Array(2 ** 30 + 1)), /holds at most \d+ bytes/);
    await queue.put(1);
    assert.equal(await queue.get(), 1);
  });
});

test('a thread deep in recursion fails itself only', () => {
  const queue = new Queue<number>(4);
  let overflows = 0;
  const dive = () => {
    try {
      dive();
    } catch {
      overflows++;
    }
    try {
      queue.putNowait(1);
      queue.getNowait();
    } catch {
      // The stack, or what an earlier overflow left behind: only that it goes on counts.
    }
  };
  dive();
  assert.ok(overflows > 0);
  while (!queue.empty()) queue.getSync();
  queue.putSync(2);
  assert.equal(queue.getSync(), 2);
});
