// Every public call of locks with what makes no sense: each has its error, of the right class, and has changed nothing.
import { after, describe, test } from 'node:test';
import {
  Barrier,
  BoundedSemaphore,
  ClosedError,
  Condition,
  Event,
  Lock,
  Queue,
  RLock,
  Semaphore,
  StateError,
} from 'multiproc';
import { watchdog } from '../hang.ts';
import { Refusals, type Wrong, wrong } from '../refusals.ts';

const dog = watchdog('bad input of locks', 300);
after(() => dog[Symbol.dispose]());

/** The calls of what behaves as a lock. */
async function lockLike(r: Refusals, lock: Wrong): Promise<void> {
  await r.badWaits((options) => lock.acquire(options));
  await r.badWaits((options) => lock.guard(options));
  await r.badSyncWaits((options) => lock.acquireSync(options));
  await r.rejects(
    TypeError,
    () => lock.with(),
    () => lock.with(null),
    () => lock.with('f'),
  );
}

async function closedLockLike(lock: Wrong): Promise<void> {
  lock.close();
  lock.close();
  const r = new Refusals();
  await r.rejects(
    ClosedError,
    () => lock.acquire(),
    () => lock.acquire({ timeout: 0 }),
    () => lock.guard(),
    () => lock.with(() => 1),
  );
  await r.throws(
    ClosedError,
    () => lock.acquireSync(),
    () => lock.acquireSync({ timeout: 0 }),
    () => lock.tryAcquire(),
    () => lock.release(),
    () => lock.locked(),
    () => lock.abandoned,
    () => new Queue().putNowait(lock),
  );
  r.end();
}

describe('locks', () => {
  for (const Class of [Lock, RLock, Semaphore, BoundedSemaphore]) {
    test(`a wrong call of a ${Class.name} is refused`, async () => {
      const lock = new Class();
      const r = new Refusals(() => [lock.locked(), lock.abandoned]);
      await lockLike(r, lock);
      if (Class !== Semaphore) await r.throws(StateError, () => lock.release());
      if (lock instanceof Semaphore) {
        const Semaphores = Class as typeof Semaphore;
        await r.throws(
          RangeError,
          () => new Semaphores(-1),
          () => new Semaphores(0.5),
          () => new Semaphores(Number.NaN),
          () => new Semaphores(Number.POSITIVE_INFINITY),
          () => new Semaphores(2 ** 31),
        );
        await r.throws(
          TypeError,
          () => new Semaphores(wrong('1')),
          () => new Semaphores(wrong(null)),
          () => new Semaphores(wrong(1n)),
        );
      }
      r.end();
      await closedLockLike(lock);
      if (lock instanceof Semaphore) (await new Refusals().throws(ClosedError, () => lock.getValue())).end();
    });
  }

  test('a lock that is held is still held after a wrong call', async () => {
    for (const lock of [new Lock(), new RLock(), new Semaphore(1), new Condition()]) {
      lock.acquireSync();
      const r = new Refusals(() => lock.locked());
      await lockLike(r, lock);
      r.end();
      lock.release();
    }
  });

  test('a wrong call of a Condition is refused', async () => {
    const r = new Refusals();
    await r.throws(
      TypeError,
      () => new Condition(wrong(null)),
      () => new Condition(wrong(5)),
      () => new Condition(wrong({})),
      () => new Condition(wrong(new Semaphore())),
      () => new Condition(wrong(new Event())),
    );
    const gone = new Lock();
    gone.close();
    await r.throws(ClosedError, () => new Condition(gone));
    r.end();
    const condition = new Condition();
    const free = new Refusals(() => condition.locked());
    await lockLike(free, condition);
    await free.rejects(
      StateError,
      () => condition.wait(),
      () => condition.wait({ timeout: 0 }),
      () => condition.waitFor(() => true),
    );
    await free.throws(
      StateError,
      () => condition.waitSync(),
      () => condition.waitForSync(() => true),
      () => condition.notify(),
      () => condition.notifyAll(),
      () => condition.release(),
    );
    free.end();
    condition.acquireSync();
    const held = new Refusals(() => condition.locked());
    await held.badWaits((options) => condition.wait(options));
    await held.badSyncWaits((options) => condition.waitSync(options));
    await held.badWaits((options) => condition.waitFor(() => true, options));
    await held.badSyncWaits((options) => condition.waitForSync(() => true, options));
    await held.rejects(
      TypeError,
      () => condition.waitFor(wrong(undefined)),
      () => condition.waitFor(wrong(true)),
    );
    await held.throws(
      TypeError,
      () => condition.waitForSync(wrong(undefined)),
      () => condition.waitForSync(wrong(true)),
      () => condition.notify(wrong('1')),
      () => condition.notify(wrong(null)),
    );
    await held.throws(
      RangeError,
      () => condition.notify(-1),
      () => condition.notify(0.5),
      () => condition.notify(Number.NaN),
    );
    held.end();
    condition.release();
    await closedLockLike(condition);
    const over = new Refusals();
    await over.rejects(
      ClosedError,
      () => condition.wait(),
      () => condition.waitFor(() => true),
    );
    await over.throws(
      ClosedError,
      () => condition.waitSync(),
      () => condition.waitForSync(() => true),
      () => condition.notify(),
      () => condition.notifyAll(),
    );
    over.end();
  });

  test('a wrong call of an Event is refused', async () => {
    for (const isSet of [false, true]) {
      const event = new Event();
      if (isSet) event.set();
      const r = new Refusals(() => event.isSet());
      await r.badWaits((options) => event.wait(options));
      await r.badSyncWaits((options) => event.waitSync(options));
      event.close();
      event.close();
      const over = new Refusals();
      await over.rejects(
        ClosedError,
        () => event.wait(),
        () => event.wait({ timeout: 0 }),
      );
      await over.throws(
        ClosedError,
        () => event.waitSync(),
        () => event.set(),
        () => event.clear(),
        () => event.isSet(),
      );
      r.end();
      over.end();
    }
  });

  test('a wrong call of a Barrier is refused', async () => {
    const r = new Refusals();
    await r.throws(
      TypeError,
      () => new Barrier(wrong(undefined)),
      () => new Barrier(wrong('2')),
      () => new Barrier(wrong(null)),
      () => new Barrier(2, wrong(null)),
      () => new Barrier(2, wrong(1000)),
      () => new Barrier(2, { timeout: wrong('5') }),
      () => new Barrier(2, { action: wrong(null) }),
      () => new Barrier(2, { action: wrong('f') }),
    );
    await r.throws(
      RangeError,
      () => new Barrier(0),
      () => new Barrier(-1),
      () => new Barrier(1.5),
      () => new Barrier(Number.NaN),
      () => new Barrier(2 ** 40),
      () => new Barrier(2, { timeout: -1 }),
      () => new Barrier(2, { timeout: Number.NaN }),
    );
    r.end();
    const barrier = new Barrier(2);
    const b = new Refusals(() => [barrier.broken, barrier.nWaiting, barrier.parties]);
    await b.badWaits((options) => barrier.wait(options));
    await b.badSyncWaits((options) => barrier.waitSync(options));
    b.end();
    barrier.close();
    barrier.close();
    const over = new Refusals();
    await over.rejects(ClosedError, () => barrier.wait());
    await over.throws(
      ClosedError,
      () => barrier.waitSync(),
      () => barrier.reset(),
      () => barrier.abort(),
      () => barrier.parties,
      () => barrier.nWaiting,
      () => barrier.broken,
    );
    over.end();
  });
});
