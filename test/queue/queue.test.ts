import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import * as door from 'multiproc/queue';
import { Empty, Full, LifoQueue, PriorityQueue, Queue, ShutDown, SimpleQueue } from 'multiproc/queue';
import { isPending } from './is-pending.ts';

const watchdog = { timeout: 60_000 };
const closedError = { name: 'ClosedError', code: 'ERR_CLOSED' };
const stateError = { name: 'StateError', code: 'ERR_STATE' };
const timeoutError = { name: 'TimeoutError', code: 'ERR_TIMEOUT' };

test('the door holds the names of the queue module, and no more', () => {
  assert.deepEqual(Object.keys(door).sort(), [
    'Empty',
    'Full',
    'LifoQueue',
    'PriorityQueue',
    'Queue',
    'ShutDown',
    'SimpleQueue',
  ]);
});

describe('maxsize', () => {
  test('a maxsize missing or below 1 is no bound', () => {
    for (const q of [new Queue(), new Queue(0), new Queue(-1), new Queue(Number.POSITIVE_INFINITY)]) {
      for (let i = 0; i < 100; i++) q.putNowait(i);
      assert.ok(!q.full());
    }
    assert.equal(new Queue(3).maxsize, 3);
    assert.equal(new Queue().maxsize, 0);
  });

  test('a maxsize that is no whole number is refused', () => {
    for (const bad of [Number.NaN, 1.5, 0.5]) assert.throws(() => new Queue(bad), RangeError);
    assert.throws(() => new Queue('10' as unknown as number), TypeError);
  });
});

describe('first come, first served', watchdog, () => {
  test('an item goes straight to the get that waits longest, and no later call can snatch it', async () => {
    const q = new Queue<string>();
    const order: string[] = [];
    const gets = ['first', 'second', 'third'].map(async (who) => order.push(`${who} ${await q.get()}`));
    q.putNowait('a');
    assert.ok(q.empty());
    assert.throws(() => q.getNowait(), Empty);
    q.putNowait('b');
    await q.put('c');
    await Promise.all(gets);
    assert.deepEqual(order, ['first a', 'second b', 'third c']);
  });

  test('a place goes straight to the put that waits longest, and no later call can snatch it', async () => {
    const q = new Queue<string>(1);
    q.putNowait('a');
    const order: string[] = [];
    const puts = ['b', 'c', 'd'].map(async (item) => {
      await q.put(item);
      order.push(item);
    });
    assert.equal(q.getNowait(), 'a');
    assert.ok(q.full());
    assert.throws(() => q.putNowait('x'), Full);
    assert.deepEqual([await q.get(), await q.get(), await q.get()], ['b', 'c', 'd']);
    await Promise.all(puts);
    assert.deepEqual(order, ['b', 'c', 'd']);
  });

  test('waits that give up leave the others in order', async () => {
    const q = new Queue<number>();
    const controllers = Array.from({ length: 6 }, () => new AbortController());
    const gets = controllers.map((c) => q.get({ signal: c.signal }));
    for (const i of [0, 2, 5]) controllers[i]!.abort(`no ${i}`);
    for (let i = 0; i < 3; i++) q.putNowait(i);
    assert.deepEqual(
      (await Promise.allSettled(gets)).map((r) => (r.status === 'fulfilled' ? r.value : r.reason)),
      ['no 0', 0, 'no 2', 1, 2, 'no 5'],
    );
    assert.ok(q.empty());
  });
});

describe('time-outs', watchdog, () => {
  test('a wait that runs out is Empty or Full, not before its time, and changes nothing', async () => {
    const q = new Queue<number>(1);
    const started = performance.now();
    await assert.rejects(q.get({ timeout: 50 }), { name: 'Empty', code: 'ERR_QUEUE_EMPTY' });
    assert.ok(performance.now() - started >= 50);
    await q.put(1);
    await assert.rejects(q.put(2, { timeout: 20 }), { name: 'Full', code: 'ERR_QUEUE_FULL' });
    assert.equal(await q.get(), 1);
    assert.ok(q.empty());
  });

  test('a time-out of 0 tries once', async () => {
    const q = new Queue<number>(1);
    await assert.rejects(q.get({ timeout: 0 }), Empty);
    await q.put(1, { timeout: 0 });
    await assert.rejects(q.put(2, { timeout: 0 }), Full);
    assert.equal(await q.get({ timeout: 0 }), 1);
    await assert.rejects(q.join({ timeout: 0 }), timeoutError);
  });

  test('a time-out longer than setTimeout can count is not shorter', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const q = new Queue<number>();
    let ended = false;
    const got = assert.rejects(q.get({ timeout: 2 ** 32 }), Empty).then(() => (ended = true));
    await setImmediate();
    for (let quarter = 1; quarter <= 4; quarter++) {
      assert.ok(!ended);
      t.mock.timers.tick(2 ** 30);
      await setImmediate();
    }
    t.mock.timers.tick(1000);
    await got;
  });

  test('the stack of Empty, Full and ShutDown shows who waited', async () => {
    const q = new Queue<number>(1);
    async function whoWaited(): Promise<void> {
      await q.get({ timeout: 1 });
    }
    await assert.rejects(whoWaited, (error: Error) => /whoWaited/.test(error.stack ?? ''));
  });

  test('wrong options of a wait are refused, not taken for none', async () => {
    const q = new Queue<number>();
    for (const bad of [1000, true, 'x']) {
      const options = bad as unknown as { timeout?: number };
      await assert.rejects(q.get(options), TypeError);
      await assert.rejects(q.put(1, options), TypeError);
      await assert.rejects(q.join(options), TypeError);
      assert.throws(() => q.shutdown(options as { immediate?: boolean }), TypeError);
    }
    await assert.rejects(q.get({ timeout: Number.NaN }), RangeError);
    await assert.rejects(q.get({ signal: {} as AbortSignal }), TypeError);
    assert.ok(q.empty());
    await assert.rejects(q.get({ timeout: 0 }), Empty);
  });
});

describe('signals', watchdog, () => {
  test('an aborted wait rejects with the reason, unchanged, and has changed nothing', async () => {
    const q = new Queue<number>(1);
    const getting = new AbortController();
    const got = q.get({ signal: getting.signal });
    const reason = { any: 'value' };
    getting.abort(reason);
    await assert.rejects(got, (e) => e === reason);
    await q.put(1);
    const putting = new AbortController();
    const put = q.put(2, { signal: putting.signal });
    const joined = q.join({ signal: putting.signal });
    const many = q.putMany([3, 4], { signal: putting.signal });
    const all = Promise.allSettled([put, joined, many]);
    putting.abort(reason);
    for (const result of await all) assert.equal((result as PromiseRejectedResult).reason, reason);
    assert.deepEqual(reason, { any: 'value' });
    assert.equal(await q.get(), 1);
    assert.ok(q.empty());
  });

  test('an already aborted signal rejects at once, also where there would be no wait', async () => {
    const q = new Queue<number>();
    await q.put(1);
    const signal = AbortSignal.abort('no');
    for (const call of [
      q.put(2, { signal }),
      q.get({ signal }),
      q.putMany([2], { signal }),
      q.getMany(1, { signal }),
      q.join({ signal }),
    ]) {
      await assert.rejects(call, (e) => e === 'no');
    }
    assert.equal(q.qsize(), 1);
  });

  test('an abort after the item was handed over comes too late', async () => {
    const q = new Queue<number>();
    const controller = new AbortController();
    const got = q.get({ signal: controller.signal });
    q.putNowait(1);
    controller.abort();
    assert.equal(await got, 1);
  });

  test('thousands of waits on one signal leave no warning and no listener', async (t) => {
    const warned = t.mock.method(process, 'emitWarning', () => {});
    const q = new Queue<number>();
    const { signal, add, remove } = countingSignal();
    const n = 20_000;
    const gets = Array.from({ length: n }, () => q.get({ signal, timeout: 1_000_000 }));
    assert.equal(add(), 1);
    for (let i = 0; i < n; i++) q.putNowait(i);
    assert.deepEqual(
      await Promise.all(gets),
      Array.from({ length: n }, (_, i) => i),
    );
    assert.equal(remove(), 1);
    assert.equal(warned.mock.callCount(), 0);
  });

  function countingSignal(): { signal: AbortSignal; add(): number; remove(): number } {
    const { signal } = new AbortController();
    let added = 0;
    let removed = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: unknown[]) => {
      added += 1;
      Reflect.apply(addEventListener, signal, args);
    };
    signal.removeEventListener = (...args: unknown[]) => {
      removed += 1;
      Reflect.apply(removeEventListener, signal, args);
    };
    return { signal, add: () => added, remove: () => removed };
  }
});

describe('the Sync calls', () => {
  test('the Sync calls do what can be done at once', () => {
    const q = new Queue<number>(1);
    q.putSync(1);
    assert.equal(q.getSync(), 1);
    q.taskDone();
    q.joinSync();
  });

  test('the Sync calls with a time-out say at once what would be so after it', () => {
    const q = new Queue<number>(1);
    assert.throws(() => q.getSync({ timeout: 1e9 }), Empty);
    q.putSync(1, { timeout: 0 });
    assert.throws(() => q.putSync(2, { timeout: 1e9 }), Full);
    assert.throws(() => q.joinSync({ timeout: 1e9 }), timeoutError);
    assert.throws(() => q.getSync({ timeout: -1 }), RangeError);
  });

  test('the Sync calls without a time-out refuse to block for ever, and say what to use', () => {
    const q = new Queue<number>(1);
    assert.throws(() => q.getSync(), { ...stateError, message: /for ever.*await get\(\), or getNowait\(\)/ });
    q.putSync(1);
    assert.throws(() => q.putSync(2), { ...stateError, message: /await put\(\), or putNowait\(\)/ });
    assert.throws(() => q.joinSync(), { ...stateError, message: /await join\(\)/ });
    assert.equal(q.qsize(), 1);
  });

  test('the Sync calls serve those who wait', async () => {
    const q = new Queue<number>(1);
    const got = q.get();
    q.putSync(1);
    assert.equal(await got, 1);
    q.putSync(2);
    const put = q.put(3);
    assert.equal(q.getSync(), 2);
    await put;
    assert.equal(q.getSync(), 3);
  });

  test('the Sync calls after a shutdown throw ShutDown', () => {
    const q = new Queue<number>();
    q.shutdown();
    assert.throws(() => q.getSync(), ShutDown);
    assert.throws(() => q.putSync(1), ShutDown);
  });
});

describe('putMany', watchdog, () => {
  test('putMany waits for places, draws items only as they fit, keeps their order', async () => {
    const q = new Queue<number>(3);
    let drawn = 0;
    function* numbers(): Generator<number> {
      for (; drawn < 10; ) yield drawn++;
    }
    const put = q.putMany(numbers());
    assert.ok(await isPending(put));
    assert.equal(q.qsize(), 3);
    assert.equal(drawn, 4); // one is in hand
    for (let i = 0; i < 10; i++) assert.equal(await q.get(), i);
    await put;
  });

  test('putMany says of Full, ShutDown and ClosedError how many are in', async () => {
    const q = new Queue<number>(2);
    await assert.rejects(q.putMany([1, 2, 3], { timeout: 0 }), { name: 'Full', done: 2 });
    await assert.rejects(q.putMany([3], { timeout: 20 }), { name: 'Full', done: 0 });
    const many = q.putMany([3, 4, 5]);
    await q.get();
    await setImmediate();
    q.shutdown();
    await assert.rejects(many, { name: 'ShutDown', done: 1 });
    await assert.rejects(q.putMany([]), { name: 'ShutDown', done: 0 });
    q.close();
    await assert.rejects(q.putMany([1]), { ...closedError, done: 0 });
    const r = new Queue<number>(1);
    const other = r.putMany([1, 2]);
    r.close();
    await assert.rejects(other, { ...closedError, done: 1 });
  });

  test('the time-out of putMany is for the whole call', async () => {
    const q = new Queue<number>(1);
    const put = assert.rejects(q.putMany(Array(1000).fill(0), { timeout: 100 }), Full);
    let ended = false;
    void put.then(() => (ended = true));
    while (!ended) {
      if (!q.empty()) q.getNowait();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await put;
  });

  test('putMany closes the iterator when it fails, and passes on what the iterator throws', async () => {
    let left = false;
    function* endless(): Generator<number> {
      try {
        for (;;) yield 1;
      } finally {
        left = true;
      }
    }
    const q = new Queue<number>(2);
    await assert.rejects(q.putMany(endless(), { timeout: 0 }), Full);
    assert.ok(left);
    function* broken(): Generator<number> {
      yield 1;
      throw new Error('mine');
    }
    const r = new Queue<number>();
    await assert.rejects(r.putMany(broken()), /mine/);
    assert.equal(r.qsize(), 1);
    await assert.rejects(r.putMany(5 as unknown as number[]), TypeError);
  });

  test('another put may come between two of its items', async () => {
    const q = new Queue<string>(1);
    const many = q.putMany(['a1', 'a2', 'a3']);
    const one = q.put('b');
    const order: string[] = [];
    for (let i = 0; i < 4; i++) order.push(await q.get());
    await Promise.all([many, one]);
    assert.deepEqual(
      order.filter((item) => item !== 'b'),
      ['a1', 'a2', 'a3'],
    );
    assert.ok(order.indexOf('b') < 3);
  });
});

describe('getMany', watchdog, () => {
  test('getMany takes what is there, up to max', async () => {
    const q = new Queue<number>();
    await q.putMany([1, 2, 3, 4, 5]);
    assert.deepEqual(await q.getMany(2), [1, 2]);
    assert.deepEqual(await q.getMany(Number.POSITIVE_INFINITY), [3, 4, 5]);
  });

  test('getMany waits for the first', async () => {
    const q = new Queue<number>();
    const got = q.getMany(10);
    assert.ok(await isPending(got));
    await q.putMany([1, 2, 3]);
    assert.deepEqual(await got, [1, 2, 3]);
    await assert.rejects(q.getMany(10, { timeout: 1 }), Empty);
  });

  test('getMany lets those in who wait to put', async () => {
    const q = new Queue<number>(1);
    const put = q.putMany([1, 2]);
    assert.deepEqual(await q.getMany(1), [1]);
    await put;
    assert.deepEqual(await q.getMany(1), [2]);
  });

  test('getMany refuses a max that makes no sense', async () => {
    const q = new Queue<number>();
    for (const bad of [0, -1, Number.NaN]) await assert.rejects(q.getMany(bad), RangeError);
    await assert.rejects(q.getMany('2' as unknown as number), TypeError);
  });

  test('getMany loses nothing when a subclass fails at a later item', async () => {
    class FailsAtSecond extends Queue<number> {
      taken = 0;
      protected override _get(): number {
        if (++this.taken === 2) throw new Error('mine');
        return super._get();
      }
    }
    const q = new FailsAtSecond();
    await q.putMany([1, 2, 3]);
    await assert.rejects(q.getMany(3), { message: 'mine', items: [1] });
    assert.deepEqual(await q.getMany(3), [2, 3]);
  });

  test('getMany keeps what it was given when the queue is closed in the same breath', async () => {
    const q = new Queue<number>();
    const got = q.getMany(3);
    q.putNowait(1);
    q.putNowait(2);
    q.close();
    assert.deepEqual(await got, [1]);
  });
});

describe('join', watchdog, () => {
  test('join times out with TimeoutError', async () => {
    const q = new Queue<number>();
    await q.put(1);
    await assert.rejects(q.join({ timeout: 10 }), timeoutError);
    await q.get();
    q.taskDone();
    await q.join({ timeout: 0 });
  });

  test('join after an immediate shutdown waits for the items in hand only', async () => {
    const q = new Queue<number>();
    await q.putMany([1, 2, 3]);
    await q.get();
    const joined = q.join();
    q.shutdown({ immediate: true });
    assert.ok(await isPending(joined));
    q.taskDone();
    await joined;
  });
});

describe('close', watchdog, () => {
  test('close ends every wait, and every later use but itself', async () => {
    const q = new Queue<number>(1);
    const got = q.get();
    q.close();
    await assert.rejects(got, closedError);

    const r = new Queue<number>(1);
    await r.put(1);
    const waits = [r.put(2), r.join(), r.putMany([3])];
    r.close();
    r.close();
    for (const wait of waits) await assert.rejects(wait, closedError);
    for (const call of [r.put(1), r.get(), r.putMany([1]), r.getMany(1), r.join(), r[Symbol.asyncIterator]().next()]) {
      await assert.rejects(call, closedError);
    }
    for (const call of [
      () => r.putNowait(1),
      () => r.putSync(1),
      () => r.getNowait(),
      () => r.getSync(),
      () => r.qsize(),
      () => r.empty(),
      () => r.full(),
      () => r.taskDone(),
      () => r.joinSync(),
      () => r.shutdown(),
    ]) {
      assert.throws(call, closedError);
    }
  });

  test('close comes at the end of a using block', async () => {
    let kept: Queue<number>;
    {
      using q = new Queue<number>();
      kept = q;
    }
    assert.throws(() => kept.qsize(), closedError);
    const simple = new SimpleQueue<number>();
    simple[Symbol.dispose]();
    await assert.rejects(simple.get(), closedError);
    assert.throws(() => simple.empty(), closedError);
  });
});

describe('iteration', watchdog, () => {
  test('iteration goes on until the queue is shut down and drained', async () => {
    const q = new Queue<number>();
    const seen: number[] = [];
    const loop = (async () => {
      for await (const item of q) seen.push(item);
    })();
    await q.putMany([1, 2]);
    await setImmediate();
    await q.putMany([3, 4]);
    q.shutdown();
    await loop;
    assert.deepEqual(seen, [1, 2, 3, 4]);
  });

  test('leaving the loop over a queue takes nothing more', async () => {
    const q = new Queue<number>();
    await q.putMany([1, 2, 3]);
    for await (const item of q) if (item === 1) break;
    assert.equal(q.qsize(), 2);
  });

  test('a next() that still waits when the iterator is left takes nothing', async () => {
    const q = new Queue<number>();
    const items = q[Symbol.asyncIterator]();
    const next = items.next();
    assert.deepEqual(await items.return!(), { done: true, value: undefined });
    assert.deepEqual(await next, { done: true, value: undefined });
    await q.put(1);
    assert.deepEqual(await items.next(), { done: true, value: undefined });
    assert.equal(await q.get(), 1);
  });

  test('several loops share the items', async () => {
    const q = new Queue<number>(2);
    const seen: number[] = [];
    const loop = async (): Promise<void> => {
      for await (const item of q) seen.push(item);
    };
    const loops = [loop(), loop(), loop()];
    await q.putMany(Array.from({ length: 100 }, (_, i) => i));
    q.shutdown();
    await Promise.all(loops);
    assert.deepEqual(
      seen.sort((a, b) => a - b),
      Array.from({ length: 100 }, (_, i) => i),
    );
  });

  test('an error of the storage ends nothing but that next()', async () => {
    class FailsOnce extends Queue<number> {
      fail = true;
      protected override _get(): number {
        if (this.fail) {
          this.fail = false;
          throw new Error('mine');
        }
        return super._get();
      }
    }
    const q = new FailsOnce();
    await q.put(1);
    const items = q[Symbol.asyncIterator]();
    await assert.rejects(items.next(), /mine/);
    assert.deepEqual(await items.next(), { done: false, value: 1 });
  });
});

describe('subclasses', watchdog, () => {
  test('subclasses may keep items as they like, ported from Python with _init', async () => {
    class Latest extends Queue<number> {
      declare items: Map<number, number>;
      protected override _init(maxsize: number): void {
        assert.equal(maxsize, 2);
        this.items = new Map();
      }
      protected override _qsize(): number {
        return this.items.size;
      }
      protected override _put(item: number): void {
        this.items.set(item % 10, item);
      }
      protected override _get(): number {
        const [key, item] = this.items.entries().next().value!;
        this.items.delete(key);
        return item;
      }
    }
    const q = new Latest(2);
    await q.putMany([1, 11, 2]);
    assert.ok(q.full());
    assert.deepEqual(await q.getMany(9), [11, 2]);
  });

  test('a subclass that fails for the first who waits does not fail for the next', async () => {
    class FailsOnce extends Queue<number> {
      failing = true;
      protected override _get(): number {
        if (this.failing) {
          this.failing = false;
          throw new Error('mine');
        }
        return super._get();
      }
    }
    const q = new FailsOnce();
    const gets = [q.get(), q.get()];
    const settled = Promise.allSettled(gets);
    q.putNowait(1);
    assert.deepEqual(
      (await settled).map((r) => r.status),
      ['rejected', 'fulfilled'],
    );
  });

  test('a subclass that fails while a shutdown drops its items still shuts down', async () => {
    class Fails extends Queue<number> {
      protected override _get(): number {
        throw new Error('mine');
      }
    }
    const q = new Fails(1);
    await q.put(1);
    const put = q.put(2);
    assert.throws(() => q.shutdown({ immediate: true }), /mine/);
    await assert.rejects(put, ShutDown);
    await assert.rejects(q.put(3), ShutDown);
  });
});

describe('size', watchdog, () => {
  for (const Kind of [Queue, LifoQueue, PriorityQueue, SimpleQueue]) {
    test(`${Kind.name} takes a million items`, () => {
      const q = new Kind<number>();
      const n = 1_000_000;
      for (let i = 0; i < n; i++) q.putNowait((i * 7919) % n);
      assert.equal(q.qsize(), n);
      let sum = 0;
      for (let i = 0; i < n; i++) {
        const item = q.getNowait();
        if (Kind === PriorityQueue && item !== i) assert.fail(`${item} came as number ${i}`);
        sum += item;
      }
      assert.equal(sum, (n * (n - 1)) / 2);
      assert.ok(q.empty());
    });
  }

  test('100 000 waits can be given up from the front and the back', async () => {
    const q = new Queue<number>();
    const n = 100_000;
    const controllers = Array.from({ length: n }, () => new AbortController());
    const gets = Promise.allSettled(controllers.map((c) => q.get({ signal: c.signal })));
    for (let i = 0; i < n; i += 2) controllers[i < n / 2 ? i : n - i + n / 2]?.abort();
    for (let i = 0; i < n; i++) q.putNowait(i);
    const got = (await gets).flatMap((r) => (r.status === 'fulfilled' ? [r.value] : []));
    assert.deepEqual(
      got,
      Array.from({ length: got.length }, (_, i) => i),
    );
    assert.equal(got.length + q.qsize(), n);
  });
});

describe('the life of the program', watchdog, () => {
  const run = promisify(execFile);
  const node = (code: string): Promise<{ stdout: string; stderr: string }> =>
    run(process.execPath, ['--input-type=module', '-e', `import { Queue, Empty } from 'multiproc/queue';\n${code}`], {
      cwd: new URL('.', import.meta.url),
    });

  test('a wait with a time-out keeps the program going until then', async () => {
    const { stdout } = await node(`
      new Queue().get({ timeout: 50 }).catch((error) => console.log(error instanceof Empty));
    `);
    assert.equal(stdout, 'true\n');
  });

  test('a wait without a time-out does not keep the program going', async () => {
    const { stdout } = await node(`
      new Queue().get().then(() => console.log('never'));
      console.log('end');
    `);
    assert.equal(stdout, 'end\n');
  });

  test('a wait that was served stops its clock', async () => {
    await node(`
      const q = new Queue();
      const got = q.get({ timeout: 2 ** 31 });
      q.putNowait(1);
      await got;
    `);
  });

  test('an item left in a queue that nobody waits for harms nobody', async () => {
    await node(`const q = new Queue(); q.put(1); const r = new Queue(1); r.put(1); r.put(2);`);
  });
});
