import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { type AnyQueue, ClosedError, Empty, Full, Process, Queue, ShutDown } from 'multiproc';
import { type Cases, casesOf, type Exceptions } from './cases-of.ts';

/** Makes a queue of at most `maxsize` items. */
export type MakeQueue = (maxsize?: number) => AnyQueue<unknown>;

/** More waits than a signal takes listeners for without a warning. */
const MANY = 25;

/** What a call does at last, whether it throws or rejects. */
async function outcome(call: () => unknown): Promise<unknown> {
  return await call();
}

/** The contract `AnyQueue`, case by case. */
const cases: Cases<MakeQueue> = {
  'items come out in the order in which they were put': async (make) => {
    const queue = make();
    for (let n = 1; n <= 9; n++) await queue.put(n);
    assert.equal(await queue.qsize(), 9);
    for (let n = 1; n <= 9; n++) assert.equal(await queue.get(), n);
    assert.equal(await queue.empty(), true);
  },
  'an item is what it was: undefined, null, an object, a text': async (make) => {
    const queue = make();
    for (const item of [undefined, null, { a: [1] }, 'text', -0, 5n]) {
      await queue.put(item);
      assert.deepEqual(await queue.get(), item);
    }
  },
  'a bound makes it full': async (make) => {
    const queue = make(2);
    await queue.put(1);
    assert.equal(await queue.full(), false);
    await queue.putNowait(2);
    assert.equal(await queue.full(), true);
    await assert.rejects(
      outcome(() => queue.putNowait(3)),
      Full,
    );
    await assert.rejects(queue.put(3, { timeout: 0 }), Full);
    await assert.rejects(queue.put(3, { timeout: 5 }), Full);
    assert.equal(await queue.qsize(), 2);
  },
  'without a bound it is never full': async (make) => {
    for (const none of [undefined, 0, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const queue = make(none);
      await queue.putMany([1, 2, 3]);
      assert.equal(await queue.full(), false);
    }
  },
  'a bound that is no whole number is refused': async (make) => {
    for (const bad of [1.5, 0.5, Number.NaN])
      await assert.rejects(
        outcome(() => make(bad).qsize()),
        RangeError,
      );
    await assert.rejects(
      outcome(() => make('5' as never).qsize()),
      TypeError,
    );
  },
  'an empty one gives nothing': async (make) => {
    const queue = make();
    await assert.rejects(
      outcome(() => queue.getNowait()),
      Empty,
    );
    await assert.rejects(queue.get({ timeout: 0 }), Empty);
    await assert.rejects(queue.get({ timeout: 5 }), Empty);
    await assert.rejects(queue.getMany(3, { timeout: 5 }), Empty);
  },
  'a get waits for an item, and a put for a place': async (make) => {
    const queue = make(1);
    const got = queue.get({ timeout: 30_000 });
    await queue.put('a');
    assert.equal(await got, 'a');
    await queue.put('b');
    const put = queue.put('c', { timeout: 30_000 });
    assert.equal(await queue.get(), 'b');
    await put;
    assert.equal(await queue.getNowait(), 'c');
  },
  'waits are served in their order': async (make) => {
    const queue = make();
    const gets = Array.from({ length: 9 }, () => queue.get());
    for (let n = 0; n < 9; n++) await queue.put(n);
    assert.deepEqual(await Promise.all(gets), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  },
  'options that make no sense reject, and do nothing': async (make) => {
    const queue = make();
    await queue.put(1);
    for (const timeout of [-1, Number.NaN]) {
      await assert.rejects(queue.get({ timeout }), RangeError);
      await assert.rejects(queue.put(2, { timeout }), RangeError);
      await assert.rejects(queue.putMany([2], { timeout }), RangeError);
      await assert.rejects(queue.getMany(1, { timeout }), RangeError);
    }
    await assert.rejects(queue.get({ timeout: '1' as never }), TypeError);
    await assert.rejects(queue.get({ signal: {} as never }), TypeError);
    await assert.rejects(queue.get(5 as never), TypeError);
    await assert.rejects(queue.putMany(5 as never), TypeError);
    assert.equal(await queue.qsize(), 1);
  },
  'getMany takes a whole number of items, or all': async (make) => {
    const queue = make();
    await queue.putMany([1, 2, 3, 4, 5]);
    for (const bad of [0, -1, 1.5, Number.NaN]) await assert.rejects(queue.getMany(bad), RangeError);
    await assert.rejects(queue.getMany('2' as never), TypeError);
    assert.deepEqual(await queue.getMany(2), [1, 2]);
    assert.deepEqual(await queue.getMany(Number.POSITIVE_INFINITY), [3, 4, 5]);
  },
  'getMany waits for one item, not for all': async (make) => {
    const queue = make();
    const got = queue.getMany(5);
    await queue.put(1);
    assert.deepEqual(await got, [1]);
  },
  'a putMany that fails says how many items are in': async (make) => {
    const queue = make(2);
    await assert.rejects(
      queue.putMany([1, 2, 3], { timeout: 5 }),
      (error: Full) => error instanceof Full && error.done === 2,
    );
    await queue.shutdown();
    await assert.rejects(queue.putMany([4]), (error: ShutDown) => error instanceof ShutDown && error.done === 0);
    assert.deepEqual(await queue.getMany(9), [1, 2]);
  },
  'a putMany that is aborted rejects with the reason, which says how many items are in': async (make) => {
    const queue = make(2);
    const stop = new AbortController();
    const reason = new Error('mine');
    const put = queue.putMany([1, 2, 3], { signal: stop.signal });
    while (!(await queue.full())) await setTimeout(1);
    stop.abort(reason);
    await assert.rejects(put, (error) => error === reason);
    assert.equal((reason as { done?: number }).done, 2);
    const frozen = AbortSignal.abort(Object.freeze(new Error('frozen')));
    await assert.rejects(queue.putMany([4], { signal: frozen }), (error) => error === frozen.reason);
    assert.equal(await queue.qsize(), 2);
  },
  'a putMany of a queue that was shut down puts nothing, and is refused': async (make) => {
    const queue = make();
    await queue.shutdown();
    await assert.rejects(queue.putMany([]), (error: ShutDown) => error instanceof ShutDown && error.done === 0);
  },
  'the error of an iterable says how many items are in': async (make) => {
    const queue = make();
    const mine = new RangeError('mine');
    const failing = function* () {
      yield 1;
      throw mine;
    };
    // One that draws all items before it puts the first has none in.
    await assert.rejects(queue.putMany(failing()), mine);
    assert.equal((mine as { done?: number }).done, await queue.qsize());
  },
  'an aborted wait rejects with the reason, and has taken nothing': async (make) => {
    const queue = make(1);
    const stop = new AbortController();
    const reason = new Error('mine');
    const got = queue.get({ signal: stop.signal });
    stop.abort(reason);
    await assert.rejects(got, (error) => error === reason);
    await queue.put(1);
    await assert.rejects(queue.get({ signal: stop.signal }), (error) => error === reason);
    await assert.rejects(queue.put(2, { signal: stop.signal }), (error) => error === reason);
    const later = new AbortController();
    const put = queue.put(2, { signal: later.signal });
    later.abort(reason);
    await assert.rejects(put, (error) => error === reason && !('done' in reason));
    assert.equal(await queue.get(), 1);
    assert.equal(await queue.empty(), true);
  },
  'waits that share a signal give it one listener': async (make) => {
    const queue = make();
    const stop = new AbortController();
    const gets = Array.from({ length: MANY }, () => queue.get({ signal: stop.signal }));
    const failed = Promise.allSettled(gets);
    await assert.rejects(queue.get({ timeout: 5 }), Empty);
    assert.equal(getEventListeners(stop.signal, 'abort').length, 1);
    stop.abort('over');
    for (const each of await failed) assert.deepEqual(each, { status: 'rejected', reason: 'over' });
    assert.equal(getEventListeners(stop.signal, 'abort').length, 0);
  },
  'a shutdown lets nothing in, and what is inside out': async (make) => {
    const queue = make();
    await queue.putMany([1, 2]);
    await queue.shutdown();
    await queue.shutdown({});
    await assert.rejects(queue.put(3), ShutDown);
    await assert.rejects(
      outcome(() => queue.putNowait(3)),
      ShutDown,
    );
    assert.deepEqual(await queue.getMany(9), [1, 2]);
    await assert.rejects(queue.get(), ShutDown);
    await assert.rejects(
      outcome(() => queue.getNowait()),
      ShutDown,
    );
    await assert.rejects(queue.getMany(1), ShutDown);
  },
  'an immediate shutdown throws away what is inside': async (make) => {
    const queue = make();
    await queue.putMany([1, 2]);
    await assert.rejects(
      outcome(() => queue.shutdown({ immediate: 1 as never })),
      TypeError,
    );
    await queue.shutdown({ immediate: true });
    assert.equal(await queue.qsize(), 0);
    await assert.rejects(queue.get(), ShutDown);
  },
  'a shutdown ends the waits': async (make) => {
    const [empty, full] = [make(), make(1)];
    await full.put(1);
    const waits = Promise.allSettled([empty.get(), empty.getMany(2), full.put(2)]);
    await Promise.all([empty.shutdown(), full.shutdown()]);
    for (const wait of await waits) assert.ok(wait.status === 'rejected' && wait.reason instanceof ShutDown);
  },
  'a loop takes items until the queue is shut down and drained': async (make) => {
    const queue = make();
    await queue.putMany([1, 2, 3]);
    await queue.shutdown();
    const items: unknown[] = [];
    for await (const item of queue) items.push(item);
    assert.deepEqual(items, [1, 2, 3]);
  },
  'leaving a loop takes no item': async (make) => {
    const queue = make();
    await queue.putMany([1, 2, 3]);
    for await (const item of queue) {
      assert.equal(item, 1);
      break;
    }
    assert.deepEqual(await queue.getMany(9), [2, 3]);
  },
  'what is closed ends its waits, and refuses every later use': async (make) => {
    const queue = make();
    const got = queue.get();
    const ended = assert.rejects(got, ClosedError);
    queue.close();
    queue.close();
    await ended;
    const uses: (() => unknown)[] = [
      () => queue.put(1),
      () => queue.get(),
      () => queue.putNowait(1),
      () => queue.getNowait(),
      () => queue.putMany([1]),
      () => queue.getMany(1),
      () => queue.qsize(),
      () => queue.empty(),
      () => queue.full(),
      () => queue.shutdown(),
    ];
    for (const use of uses) await assert.rejects(outcome(use), ClosedError, String(use));
  },
  'a time-out that is longer than a timer can run is none': async (make) => {
    const queue = make();
    const got = queue.get({ timeout: 2 ** 32 });
    got.catch(() => {});
    // A timer that took the time-out for 1 ms has run by then.
    await setTimeout(20);
    await queue.put('late');
    assert.equal(await got, 'late');
  },
  'another process gets what is put here': async (make) => {
    const [queue, answers] = [make(), new Queue<unknown>()];
    const p = new Process({
      target: async (from: AnyQueue<unknown>, to: Queue<unknown>) => {
        for await (const item of from) await to.put(item);
      },
      args: [queue, answers],
    });
    p.start();
    await queue.putMany([1, { two: 2 }]);
    await queue.shutdown();
    await p.join();
    assert.equal(p.exitCode, 0);
    assert.deepEqual(await answers.getMany(9), [1, { two: 2 }]);
  },
};

/** Runs the cases of the contract over one kind of queue. */
export function queueSuite(name: string, make: MakeQueue, exceptions: Exceptions = {}): void {
  casesOf(`${name} as a queue`, cases, make, exceptions);
}
