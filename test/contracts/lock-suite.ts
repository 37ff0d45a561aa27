import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { ClosedError, Queue, StateError, TimeoutError, type WaitOptions } from 'multiproc';
import { start, startThread } from '../inside.ts';
import { add, freeCounter, newCounter } from '../sync/shared-counter.ts';

/** What behaves like a lock. Those of a manager answer with promises, and have nothing that blocks. */
export interface LockLike {
  acquire(options?: WaitOptions): Promise<boolean>;
  acquireSync?(options?: { timeout?: number }): boolean;
  tryAcquire(): boolean | Promise<boolean>;
  release(): void | Promise<void>;
  locked(): boolean | Promise<boolean>;
  readonly abandoned: boolean | (() => Promise<boolean>);
  guard(options?: WaitOptions): Promise<Disposable>;
  with<R>(fn: () => R): Promise<Awaited<R>>;
  close(): void;
}

const isAbandoned = async (lock: LockLike): Promise<boolean> =>
  typeof lock.abandoned === 'function' ? await lock.abandoned() : lock.abandoned;

const TIMEOUT = { timeout: 30_000 };
const times = process.env.TEST_LONG ? 1_000_000 : 20_000;

/** What holds for everything that behaves like a lock: `make` makes one that is free, and that one may hold. */
export function lockSuite(name: string, make: () => LockLike): void {
  describe(`${name} as a lock`, { timeout: 600_000 }, () => {
    test(`${name}: locked follows acquire and release`, async () => {
      const lock = make();
      assert.equal(await lock.locked(), false);
      assert.equal(await lock.acquire(), true);
      assert.equal(await lock.locked(), true);
      await lock.release();
      assert.equal(await lock.locked(), false);
      if (lock.acquireSync) {
        assert.equal(lock.acquireSync(), true);
        await lock.release();
      }
      assert.equal(await lock.tryAcquire(), true);
      await lock.release();
      assert.equal(await isAbandoned(lock), false);
    });

    test(`${name}: two concurrent async functions do not hold it at once`, async () => {
      const lock = make();
      let inside = 0;
      const visit = async (): Promise<void> => {
        for (let i = 0; i < 20; i++) {
          await lock.acquire();
          assert.equal(++inside, 1);
          await setTimeout(0);
          inside--;
          await lock.release();
        }
      };
      await Promise.all([visit(), visit(), visit()]);
      assert.equal(await lock.locked(), false);
    });

    test(`${name}: two concurrent async functions do not hold it at once by with() or guard()`, async () => {
      const lock = make();
      let inside = 0;
      const work = async (): Promise<void> => {
        assert.equal(++inside, 1);
        await setTimeout(1);
        inside--;
      };
      const guarded = async (): Promise<void> => {
        using _ = await lock.guard();
        await work();
      };
      await Promise.all([lock.with(work), guarded(), lock.with(work), guarded()]);
      assert.equal(await lock.with(async () => 5), 5);
      const failing = lock.with(() => {
        throw new RangeError('mine');
      });
      await assert.rejects(failing, RangeError);
      assert.equal(await lock.locked(), false);
    });

    test(`${name}: a guard that is disposed by hand, and again by its block, releases once`, async () => {
      const lock = make();
      const held = await lock.guard();
      held[Symbol.dispose]();
      assert.equal(await lock.acquire(TIMEOUT), true);
      held[Symbol.dispose]();
      assert.equal(await lock.locked(), true);
      await lock.release();
      assert.equal(await lock.acquire(TIMEOUT), true);
      assert.equal(await lock.locked(), true);
      await lock.release();
    });

    test(`${name}: a time-out answers false or, of guard, rejects; 0 tries once; an abort takes nothing`, async () => {
      const lock = make();
      const reason = new Error('enough');
      const elsewhere = async (): Promise<void> => {
        assert.equal(await lock.acquire({ timeout: 0 }), false);
        if (lock.acquireSync) assert.equal(lock.acquireSync({ timeout: 0 }), false);
        assert.equal(await lock.tryAcquire(), false);
        const begin = performance.now();
        assert.equal(await lock.acquire({ timeout: 20 }), false);
        if (lock.acquireSync) assert.equal(lock.acquireSync({ timeout: 20 }), false);
        assert.ok(performance.now() - begin >= (lock.acquireSync ? 38 : 19));
        await assert.rejects(lock.guard({ timeout: 1 }), TimeoutError);
        await assert.rejects(lock.acquire({ signal: AbortSignal.abort(reason) }), reason);
        const controller = new AbortController();
        const wait = lock.acquire({ signal: controller.signal });
        controller.abort(reason);
        await assert.rejects(wait, reason);
      };
      // Both are called by the test, so neither is started by the one that holds it.
      const [go, done] = [deferred(), deferred()];
      const holder = lock.with(async () => {
        go.resolve();
        await done.promise;
      });
      const other = go.promise.then(elsewhere).finally(done.resolve);
      await Promise.all([holder, other]);
      assert.equal(await lock.locked(), false);
    });

    test(`${name}: options that make no sense change nothing`, async () => {
      const lock = make();
      for (const timeout of [-1, Number.NaN]) {
        await assert.rejects(lock.acquire({ timeout }), RangeError);
        if (lock.acquireSync) assert.throws(() => lock.acquireSync!({ timeout }), RangeError);
      }
      await assert.rejects(lock.acquire(1000 as never), TypeError);
      if (lock.acquireSync) assert.throws(() => lock.acquireSync!(null as never), TypeError);
      assert.equal(await lock.locked(), false);
    });

    test(`${name}: with() takes a function only, and says so before it takes the lock`, async () => {
      const lock = make();
      for (const wrong of [5, undefined, null]) {
        await assert.rejects(lock.with(wrong as never), {
          name: 'TypeError',
          message: /^with\(\) takes a function, not /,
        });
      }
      assert.equal(await lock.locked(), false);
    });

    test(`${name}: close ends the waits of this process, and every later use`, async () => {
      const lock = make();
      await lock.acquire();
      lock.close();
      lock.close();
      await assert.rejects(lock.acquire(), ClosedError);
      await assert.rejects(lock.guard(), ClosedError);
      const use = () => 1;
      await assert.rejects(lock.with(use), ClosedError);
      if (lock.acquireSync) assert.throws(() => lock.acquireSync!(), ClosedError);
      for (const call of [
        () => lock.tryAcquire(),
        () => lock.release(),
        () => lock.locked(),
        () => isAbandoned(lock),
      ]) {
        await assert.rejects(async () => await call(), ClosedError);
      }
    });

    test(`${name}: another process waits for it, whichever way`, async () => {
      const lock = make();
      const answers = new Queue<boolean | string>();
      await lock.acquire();
      const target = async (l: LockLike, q: Queue<boolean | string>): Promise<void> => {
        q.putSync(await l.locked());
        q.putSync(await l.tryAcquire());
        q.putSync(l.acquireSync?.({ timeout: 5 }) ?? false);
        q.putSync(await l.acquire({ timeout: 5 }));
        q.putSync('waits');
        if (l.acquireSync) {
          l.acquireSync();
          l.release();
        }
        await l.acquire();
        q.putSync('has it');
        await l.release();
      };
      const p = start(target, lock, answers);
      for (const expected of [true, false, false, false, 'waits']) assert.equal(await answers.get(TIMEOUT), expected);
      await lock.release();
      assert.equal(await answers.get(TIMEOUT), 'has it');
      await p.join();
      assert.equal(await lock.acquire(TIMEOUT), true);
      await lock.release();
    });

    test(`${name}: a lock of a killed owner passes on, and is abandoned for just that one`, async () => {
      const lock = make();
      const taken = new Queue<number>();
      const hold = async (l: LockLike, q: Queue<number>): Promise<void> => {
        await l.acquire();
        q.putSync(1);
        new Queue().getSync();
      };
      const owner = start(hold, lock, taken);
      await taken.get(TIMEOUT);
      const waiter = lock.acquire(TIMEOUT);
      owner.kill();
      assert.equal(await waiter, true);
      assert.equal(await isAbandoned(lock), true);
      await lock.release();
      assert.equal(await isAbandoned(lock), false);
      assert.equal(await lock.with(() => isAbandoned(lock)), false);
      await owner.join();
    });

    test(`${name}: mutual exclusion: several processes add to a plain number`, async () => {
      const lock = make();
      const counter = newCounter();
      const blocking = (l: LockLike, c: number, n: number): void => {
        for (let i = 0; i < n; i++) {
          l.acquireSync!();
          add(c);
          l.release();
        }
      };
      const looping = async (l: LockLike, c: number, n: number): Promise<void> => {
        for (let i = 0; i < n; i++) {
          await l.acquire();
          add(c);
          await l.release();
        }
      };
      if (!lock.acquireSync) {
        const adders = [looping, looping, looping].map((target) => start(target, lock, counter, 200));
        for (let i = 0; i < 100; i++) await lock.with(() => add(counter));
        await Promise.all(adders.map((p) => p.join()));
        assert.equal(add(counter, 0), 700);
        freeCounter(counter);
        return;
      }
      const adders = [blocking, blocking, blocking, blocking].map((target) => start(target, lock, counter, times));
      await Promise.all(adders.map((p) => p.join()));
      assert.equal(add(counter, 0), 4 * times);
      const mixed = [
        ...[blocking, looping, looping].map((target) => start(target, lock, counter, 2000)),
        ...[blocking, looping].map((target) => startThread(target, lock, counter, 2000)),
      ];
      for (let i = 0; i < 500; i++) await lock.with(() => add(counter));
      await Promise.all(mixed.map((p) => p.join()));
      assert.equal(add(counter, 0), 4 * times + 10_500);
      assert.equal(await lock.locked(), false);
      freeCounter(counter);
    });
  });
}

/** Of all but a plain Semaphore: a release too many is an error, and harms nothing. */
export function releaseSuite(name: string, make: () => LockLike): void {
  test(`${name}: a release too many is a StateError, and harms nothing`, async () => {
    const lock = make();
    const release = async () => await lock.release();
    await assert.rejects(release, StateError);
    await lock.acquire();
    await lock.release();
    await assert.rejects(release, { code: 'ERR_STATE' });
    assert.equal(await lock.tryAcquire(), true);
    assert.equal(await lock.locked(), true);
    await lock.release();
  });
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
