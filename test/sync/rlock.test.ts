import assert from 'node:assert/strict';
import { type AsyncHook, createHook } from 'node:async_hooks';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { Lock, Queue, RLock, StateError } from 'multiproc';
import { test } from '../cases.ts';
import { watchdog } from '../hang.ts';
import { start, startThread } from '../inside.ts';
import { add, freeCounter, newCounter } from './shared-counter.ts';

const TIMEOUT = { timeout: 30_000 };
const times = process.env.TEST_LONG ? 1_000_000 : 20_000;

test('an RLock is a Lock', () => assert.ok(new RLock() instanceof Lock));

test('the owner of an RLock acquires it again, in every way, and releases it as often', async () => {
  const lock = new RLock();
  using _ = watchdog('again', 40, lock);
  assert.equal(await lock.acquire(), true);
  assert.equal(await lock.acquire({ timeout: 5 }), true);
  assert.equal(lock.acquireSync(), true);
  assert.equal(lock.tryAcquire(), true);
  using held = await lock.guard();
  assert.ok(held);
  await lock.with(() => lock.with(async () => assert.equal(lock.tryAcquire(), true)));
  for (let i = 0; i < 5; i++) {
    await setImmediate();
    assert.equal(lock.locked(), true);
    lock.release();
  }
});

test('the options of an acquisition are checked also when the owner acquires again', async () => {
  const lock = new RLock();
  await lock.acquire();
  const reason = new Error('enough');
  await assert.rejects(lock.acquire({ timeout: -1 }), RangeError);
  await assert.rejects(lock.acquire({ signal: AbortSignal.abort(reason) }), reason);
  assert.throws(() => lock.acquireSync({ timeout: Number.NaN }), RangeError);
  lock.release();
  assert.equal(lock.locked(), false);
});

test('what is acquired synchronously belongs to the rest of the function, across its awaits', async () => {
  const lock = new RLock();
  lock.acquireSync();
  assert.equal(lock.tryAcquire(), true);
  await setTimeout(1);
  assert.equal(await lock.acquire({ timeout: 0 }), true);
  for (let i = 0; i < 3; i++) lock.release();
  assert.throws(() => lock.release(), StateError);
});

test('a function that calls an async function does not own what that one acquires', async () => {
  const lock = new RLock();
  using _ = watchdog('caller', 40, lock);
  const go = new Queue<number>();
  const holder = (async () => {
    await lock.acquire();
    await go.get();
    assert.equal(lock.tryAcquire(), true);
    lock.release();
    lock.release();
  })();
  assert.equal(lock.tryAcquire(), false);
  await setImmediate();
  assert.equal(lock.tryAcquire(), false);
  assert.equal(await lock.acquire({ timeout: 1 }), false);
  assert.throws(() => lock.release(), StateError);
  assert.throws(() => lock.acquireSync(), /Another async function/);
  assert.equal(lock.acquireSync({ timeout: 1 }), false);
  assert.equal(lock.locked(), true);
  go.putSync(1);
  await holder;
  assert.equal(lock.locked(), false);
});

test('what the owner calls, and what it starts, owns it too, for as long as it is held', async () => {
  const lock = new RLock();
  const answers: boolean[] = [];
  const child = async (): Promise<boolean> => {
    await setImmediate();
    return lock.tryAcquire();
  };
  const strangers: (() => void)[] = [];
  const stranger = new Promise<boolean>((resolve) => strangers.push(() => resolve(lock.tryAcquire())));
  let late: Promise<boolean> | undefined;
  await lock.with(async () => {
    answers.push(await child());
    lock.release();
    late = (async () => {
      await stranger;
      return await lock.acquire({ timeout: 0 });
    })();
  });
  await lock.acquire();
  // It was started by an owner, but of a possession that is over.
  strangers[0]!();
  assert.equal(await late, false);
  lock.release();
  assert.deepEqual(answers, [true]);
});

test('functions that two owners call on different locks do not mix', async () => {
  const [a, b] = [new RLock(), new RLock()];
  using _ = watchdog('two locks', 40, a, b);
  const both = (x: RLock, y: RLock) => async () => {
    for (let i = 0; i < 10; i++) {
      await x.acquire();
      await setImmediate();
      assert.equal(await x.acquire(), true);
      x.release();
      x.release();
      await y.with(() => setImmediate());
    }
  };
  await Promise.all([both(a, b)(), both(b, a)(), both(a, b)()]);
  await a.acquire();
  await b.acquire();
  a.release();
  b.release();
  assert.deepEqual([a.locked(), b.locked()], [false, false]);
});

test('a promise raced with another makes the function that races the owner', async () => {
  const lock = new RLock();
  using _ = watchdog('raced', 40, lock);
  let inside = 0;
  const visit = async (): Promise<void> => {
    const timer = new AbortController();
    await Promise.race([lock.acquire(), setTimeout(20_000, undefined, timer)]);
    timer.abort();
    assert.equal(++inside, 1);
    await setTimeout(1);
    assert.equal(lock.tryAcquire(), true);
    inside--;
    lock.release();
    lock.release();
  };
  await Promise.all([visit(), visit()]);
  assert.equal(lock.locked(), false);
});

test('callbacks of then, and of timers that an owner sets, are the owner', async () => {
  const lock = new RLock();
  using _ = watchdog('then', 40, lock);
  const nested = await new Promise<boolean>((resolve) => {
    lock.acquire().then(() =>
      globalThis.setTimeout(() => {
        resolve(lock.tryAcquire());
        lock.release();
        lock.release();
      }, 1),
    );
  });
  assert.equal(nested, true);
  assert.equal(lock.locked(), false);
});

test('a promise that is awaited late, or twice, makes the function that awaits it the owner', async () => {
  const lock = new RLock();
  const promise = lock.acquire();
  await setTimeout(1);
  assert.equal(lock.tryAcquire(), false);
  assert.equal(await promise, true);
  assert.equal(lock.tryAcquire(), true);
  const other = async (): Promise<boolean> => {
    await promise;
    return lock.tryAcquire();
  };
  assert.equal(await other(), true);
  for (let i = 0; i < 3; i++) lock.release();
  assert.equal(lock.locked(), false);
});

test('an acquisition leaves no promise hook on, awaited or not', async () => {
  const { prototype } = createHook({}).constructor as unknown as { prototype: AsyncHook };
  const { enable, disable } = prototype;
  const enabled = new Set<AsyncHook>();
  prototype.enable = function (this: AsyncHook) {
    enabled.add(this);
    return enable.call(this);
  };
  prototype.disable = function (this: AsyncHook) {
    enabled.delete(this);
    return disable.call(this);
  };
  const turns = async (): Promise<void> => {
    for (let i = 0; i < 3; i++) await setImmediate();
  };
  // From the tests before.
  await turns();
  const [first, lock] = [new RLock(), new RLock()];
  await first.acquire();
  first.release();
  const most = enabled.size;
  await turns();
  // Node's own for the contexts may stay.
  const rest = [...enabled];
  void lock.acquire();
  assert.ok(enabled.size === most && most > rest.length);
  await turns();
  assert.deepEqual([...enabled], rest);
  Object.assign(prototype, { enable, disable });
});

test('a wait in vain, an abort and a failure leave no owner', async () => {
  const lock = new RLock();
  const go = new Queue<number>();
  const holder = lock.with(() => go.get());
  await setImmediate();
  assert.equal(await lock.acquire({ timeout: 1 }), false);
  assert.throws(() => lock.release(), StateError);
  const reason = new Error('enough');
  await assert.rejects(lock.acquire({ signal: AbortSignal.abort(reason) }), reason);
  await assert.rejects(lock.guard({ timeout: 1 }), /within 1 ms/);
  assert.throws(() => lock.release(), StateError);
  go.putSync(1);
  await holder;
  assert.equal(lock.tryAcquire(), true);
  lock.release();
});

test('another process is never the owner, and may not release it', async () => {
  const lock = new RLock();
  const answers = new Queue<unknown>();
  using _ = watchdog('elsewhere', 40, lock, answers);
  await lock.acquire();
  await lock.acquire();
  const p = start(
    (l: RLock, q: Queue<unknown>) => {
      q.putSync(l.tryAcquire());
      try {
        l.release();
      } catch (error) {
        q.putSync(error);
      }
    },
    lock,
    answers,
  );
  assert.equal(await answers.get(TIMEOUT), false);
  assert.ok((await answers.get(TIMEOUT)) instanceof StateError);
  await p.join();
  lock.release();
  lock.release();
  assert.equal(lock.locked(), false);
});

test(`nested three deep, four processes add ${times} each and lose none`, { timeout: 600_000 }, async () => {
  const lock = new RLock();
  const counter = newCounter();
  const nested = (l: RLock, c: number, n: number): void => {
    for (let i = 0; i < n; i++) {
      for (let depth = 0; depth < 3; depth++) l.acquireSync();
      add(c);
      for (let depth = 0; depth < 3; depth++) l.release();
    }
  };
  const looping = async (l: RLock, c: number, n: number): Promise<void> => {
    for (let i = 0; i < n; i++) await l.with(() => l.with(() => l.with(() => add(c))));
  };
  const adders = [nested, nested, nested, nested].map((target) => start(target, lock, counter, times));
  await Promise.all(adders.map((p) => p.join()));
  assert.equal(add(counter, 0), 4 * times);
  const mixed = [
    ...[nested, looping, looping].map((target) => start(target, lock, counter, 1000)),
    ...[nested, looping].map((target) => startThread(target, lock, counter, 1000)),
  ];
  await Promise.all(mixed.map((p) => p.join()));
  assert.equal(add(counter, 0), 4 * times + 5000);
  assert.equal(lock.locked(), false);
  freeCounter(counter);
});

test('a lock that is held is not forgotten when its object is dropped', async () => {
  const lock = new RLock();
  const q = new Queue<RLock>();
  lock.acquireSync();
  q.putSync(lock);
  assert.equal(q.getSync(), lock);
  lock.release();
  q.putSync(lock);
  const p = start((from: Queue<RLock>) => from.getSync().acquireSync(), q);
  await p.join();
  assert.equal(p.exitCode, 0);
});
