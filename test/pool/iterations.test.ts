import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { ClosedError, Queue } from 'multiproc';
import { test } from '../cases.ts';
import { watched } from '../watchdog.ts';
import { all, errorOf, lives, poolOf } from './pools.ts';

/** Numbers without end; tells how many it has given out, and whether it was told to stop. */
function source() {
  const told = { given: 0, stopped: false };
  async function* numbers() {
    try {
      for (;;) yield told.given++;
    } finally {
      await null;
      told.stopped = true;
    }
  }
  return { told, numbers: numbers() };
}

describe('imap', () => {
  test('imap answers in order, imapUnordered as results come', async () => {
    const pool = poolOf(2);
    const gate = new Queue<number>();
    const task = async (n: number) => (n === 0 ? gate.get() : n);
    const unordered = pool.imapUnordered(task, [0, 1, 2]);
    const first = [(await watched(unordered.next())).value, (await watched(unordered.next())).value];
    assert.deepEqual(first.sort(), [1, 2]);
    gate.putNowait(-1);
    assert.equal((await watched(unordered.next())).value, -1);
    assert.equal((await unordered.next()).done, true);
    const ordered = all(pool.imap(task, [0, 1, 2]));
    gate.putNowait(-2);
    assert.deepEqual(await watched(ordered), [-2, 1, 2]);
  });

  for (const unordered of [false, true]) {
    const name = unordered ? 'imapUnordered' : 'imap';
    test(`${name} of an endless input holds a bounded number of items, and stops it when the loop is left`, async () => {
      const pool = poolOf(2);
      const { told, numbers } = source();
      const results = pool[name]((n: number) => n, numbers, { buffersize: 6 });
      let taken = 0;
      for await (const _ of results) {
        taken++;
        assert(told.given <= taken + 6, `${told.given} were given out when ${taken} had been taken`);
        if (taken === 50) break;
      }
      assert.equal(told.stopped, true);
      await lives(pool);
      assert.equal(pool.stats().outstanding, 0);
    });
  }

  test('an iteration is four chunks for each worker ahead if nothing is said', async () => {
    const pool = poolOf(2);
    const { told, numbers } = source();
    const results = pool.imap((n: number) => n, numbers, { chunksize: 3 });
    await watched(results.next());
    await watched(pool.apply(() => 0, [], { priority: -1 }));
    assert(told.given <= 4 * 2 * 3 + 1, `${told.given}`);
    await results.return?.();
  });

  test('leaving the loop of an iteration cancels what has not started', async () => {
    const pool = poolOf(1);
    const gate = new Queue<number>();
    const started = new Queue<number>();
    const task = async (n: number) => {
      await started.put(n);
      return n === 0 ? n : gate.get();
    };
    for await (const n of pool.imap(task, [0, 1, 2, 3, 4], { buffersize: 5 })) {
      assert.equal(n, 0);
      // The second is running.
      await watched(started.getMany(1));
      await watched(started.get());
      break;
    }
    await lives(pool);
    assert.equal(started.qsize(), 0);
  });

  test("an input's error comes after the results before it, and ends the iteration", async () => {
    const pool = poolOf(2);
    async function* broken() {
      yield* [1, 2, 3];
      throw new Error('no more');
    }
    for (const chunksize of [1, 2, 3, 10]) {
      const results = pool.imap((n: number) => n * 10, broken(), { chunksize });
      for (const n of [10, 20, 30]) assert.deepEqual(await watched(results.next()), { done: false, value: n });
      assert.match(String(await errorOf(results.next())), /no more/);
      assert.equal((await results.next()).done, true);
    }
  });

  test("an item's error does not end the iteration", async () => {
    const pool = poolOf(2);
    const odd = (n: number) => {
      if (n % 2 === 0) throw new Error(`even ${n}`);
      return n;
    };
    for (const chunksize of [1, 2, 5]) {
      const results = pool.imap(odd, [1, 2, 3, 4, 5], { chunksize });
      const seen: unknown[] = [];
      for (let i = 0; i < 5; i++)
        seen.push(
          await watched(results.next()).then(
            (s) => s.value,
            (e) => e.message,
          ),
        );
      assert.deepEqual(seen, [1, 'even 2', 3, 'even 4', 5]);
      assert.equal((await results.next()).done, true);
    }
  });

  test('many calls of next() of an iteration at once are answered in order', async () => {
    const pool = poolOf(2);
    const results = pool.imap((n: number) => n, [1, 2, 3]);
    const steps = await watched(Promise.all(Array.from({ length: 5 }, () => results.next())));
    assert.deepEqual(
      steps.map((step) => step.value),
      [1, 2, 3, undefined, undefined],
    );
    assert.deepEqual(
      steps.map((step) => step.done),
      [false, false, false, true, true],
    );
  });

  test('an abort ends the iteration with its reason and stops the input', async () => {
    const pool = poolOf(2);
    const { told, numbers } = source();
    const controller = new AbortController();
    const results = pool.imap((n: number) => n, numbers, { signal: controller.signal });
    await watched(results.next());
    controller.abort('enough');
    assert.equal(await errorOf(results.next()), 'enough');
    assert.equal((await watched(results.next())).done, true);
    assert.equal(told.stopped, true);
    assert.throws(() => pool.imap((n: number) => n, [1], { signal: AbortSignal.abort('x') }));
  });

  test('terminate() ends an iteration', async () => {
    const pool = poolOf(2);
    const { told, numbers } = source();
    const results = pool.imap((n: number) => n, numbers);
    await watched(results.next());
    pool.terminate();
    let last: unknown;
    for (let i = 0; i < 100; i++) {
      const step = await watched(results.next()).catch((error) => ({ done: false, value: error }));
      if (step.done) break;
      last = step.value;
    }
    assert(last instanceof ClosedError);
    assert.equal(told.stopped, true);
    await watched(pool.join());
  });

  test('an iteration reports its progress', async () => {
    const pool = poolOf(1);
    const progress: number[] = [];
    await watched(all(pool.imap((n: number) => n, [1, 2, 3], { onProgress: (done) => progress.push(done) })));
    assert.deepEqual(progress, [1, 2, 3]);
  });
});
