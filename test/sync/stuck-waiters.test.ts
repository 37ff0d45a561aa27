// A waiter that does not come, here because it computes: what it was woken for, or what is kept for it, is for the others.
import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { type Connection, Lock, type Process, pipe, Queue, Semaphore } from 'multiproc';
import { entryTable } from '#dist/sync/entry-table.js';
import { lockLayout } from '#dist/sync/lock.js';
import { semaphoreLayout } from '#dist/sync/semaphore.js';
import { units } from '#dist/sync/units.js';
import { test } from '../cases.ts';
import { watchdog } from '../hang.ts';
import { inLine, isAsleep, slay, start, waiting, wordOf } from '../inside.ts';

const TIMEOUT = { timeout: 30_000 };
const REQUESTED = 1 << 28;
const HANDED = 1 << 30;

type Kind = Lock | Semaphore;
const kinds: Record<string, () => Kind> = { 'a lock': () => new Lock(), 'a unit': () => new Semaphore() };

interface Queues {
  readonly said: Queue<string>;
  readonly orders: Queue<string>;
  readonly done: Queue<string>;
}
const queues = (): Queues => ({ said: new Queue(), orders: new Queue(), done: new Queue() });

/** The word of a semaphore with the member for which the next unit is kept. */
const RESERVED = semaphoreLayout.at.units + units.at.table + entryTable.at.moreOwn;

/** True if a waiter of the lock has requested, or has the next unit of the semaphore reserved for it. */
function isKept(lock: Kind): boolean {
  return lock instanceof Lock ? (wordOf(lock, lockLayout.at.owner) & REQUESTED) !== 0 : wordOf(lock, RESERVED) !== 0;
}

/** Takes the lock, lets go of it for a moment as often as a waiter asks for that, and answers any other order. */
function holdUntilTold(lock: Kind, { said, orders, done }: Queues): string {
  lock.acquireSync();
  said.putSync('held');
  for (;;) {
    const order = orders.getSync();
    if (order !== 'again') return order;
    lock.release();
    lock.acquireSync();
    done.putSync('done');
  }
}

/** Waits for the lock until the next free one is kept for it, then computes for ever. */
async function requestAndCompute(lock: Kind, { said, orders, done }: Queues): Promise<void> {
  const wait = (): Promise<void> =>
    lock.acquire().then(() => {
      // Quicker than the one who let go for a moment.
      lock.release();
      void wait();
    });
  void wait();
  while (!isKept(lock)) {
    orders.putSync('again');
    await done.get();
  }
  said.putSync('requested');
  for (;;);
}

function take(lock: Kind, said: Queue<string>): void {
  lock.acquireSync();
  said.putSync('taken');
}

async function takeLooping(lock: Kind, said: Queue<string>): Promise<void> {
  await lock.acquire();
  said.putSync('taken');
}

for (const [name, make] of Object.entries(kinds)) {
  for (const way of ['ends', 'closes it', 'is killed']) {
    test(`${name} that is kept for a waiter that does not come goes to the next, also if its owner ${way} at once`, async () => {
      const lock = make();
      const all = queues();
      const { said, orders } = all;
      using _ = watchdog(`${name}, whose owner ${way}`, 60, lock, said);
      const owner = start(
        (l: Kind, q: Queues) => {
          const how = holdUntilTold(l, q);
          l.release();
          if (how === 'ends') return;
          l.close();
          new Queue().getSync();
        },
        lock,
        all,
      );
      assert.equal(await said.get(TIMEOUT), 'held');
      const stuck = start(requestAndCompute, lock, all);
      assert.equal(await said.get(TIMEOUT), 'requested');
      const next = start(take, lock, said);
      await inLine(lock, 2, [next]);
      if (way === 'is killed') owner.kill();
      else orders.putSync(way);
      assert.equal(await said.get(TIMEOUT), 'taken');
      for (const p of [owner, stuck, next]) await slay(p);
    });
  }
}

for (const [name, make] of Object.entries(kinds)) {
  test(`${name} that is kept for a waiter that does not come, by an owner that is dead, is for those who only try`, async () => {
    const lock = make();
    const all = queues();
    const { said, orders } = all;
    using _ = watchdog(`${name}, only tried`, 60, lock, said);
    const owner = start(
      (l: Kind, q: Queues) => {
        holdUntilTold(l, q);
        l.release();
        process.kill(process.pid, 'SIGKILL');
      },
      lock,
      all,
    );
    assert.equal(await said.get(TIMEOUT), 'held');
    const stuck = start(requestAndCompute, lock, all);
    assert.equal(await said.get(TIMEOUT), 'requested');
    orders.putSync('release');
    await owner.join();
    while (!lock.tryAcquire()) await setTimeout(1);
    await slay(stuck);
  });
}

test('a lock is not handed to a waiter that has given up meanwhile', async () => {
  const lock = new Lock();
  const all = queues();
  const [go, further] = [new Queue<number>(), new Queue<number>()];
  const { said } = all;
  using _ = watchdog('handed to nobody', 60, lock, said);
  const owner = start(
    (l: Lock, q: Queues, f: Queue<number>) => {
      holdUntilTold(l, q);
      const { compareExchange } = Atomics;
      const paused = (words: Int32Array, index: number, expected: number, value: number): number => {
        if (value > 0 && value & HANDED) {
          Object.assign(Atomics, { compareExchange });
          q.said.putSync('nominated');
          f.getSync();
        }
        return compareExchange(words, index, expected, value);
      };
      Object.assign(Atomics, { compareExchange: paused });
      l.release();
    },
    lock,
    all,
    further,
  );
  assert.equal(await said.get(TIMEOUT), 'held');
  const waiter = start(
    async (l: Lock, { said, orders, done }: Queues, g: Queue<number>) => {
      const controller = new AbortController();
      const wait = (): Promise<void> =>
        l.acquire({ signal: controller.signal }).then(() => {
          l.release();
          return wait();
        });
      const waits = wait().catch(() => said.putSync('gave up'));
      while (!isKept(l)) {
        orders.putSync('again');
        await done.get();
      }
      orders.putSync('release');
      await g.get();
      controller.abort();
      await waits;
      await g.get();
    },
    lock,
    all,
    go,
  );
  assert.equal(await said.get(TIMEOUT), 'nominated');
  go.putSync(1);
  assert.equal(await said.get(TIMEOUT), 'gave up');
  further.putSync(1);
  await owner.join();
  assert.equal(lock.tryAcquire(), true);
  go.putSync(1);
  await waiter.join();
});

test('an item whose producer closes the queue at once goes to the next getter, if the first does not come', async () => {
  const queue = new Queue<number>();
  const said = new Queue<string>();
  using _ = watchdog('closed at once', 60, queue, said);
  const stuck = start((q: Queue<number>) => {
    void q.get();
    for (;;);
  }, queue);
  while (waiting(queue) < 1) await setTimeout(1);
  const next = start((q: Queue<number>, s: Queue<string>) => s.putSync(`got ${q.getSync()}`), queue, said);
  await inLine(queue, 2, [next]);
  const producer = start((q: Queue<number>) => {
    q.putSync(7);
    q.close();
    new Queue().getSync();
  }, queue);
  assert.equal(await said.get(TIMEOUT), 'got 7');
  for (const p of [stuck, next, producer]) await slay(p);
});

/** Takes the lock and says so, then sleeps. */
function hold(lock: Kind, said: Queue<string>): void {
  lock.acquireSync();
  said.putSync('held');
  new Queue().getSync();
}

for (const [name, make] of Object.entries(kinds)) {
  for (const [kind, waiter] of [
    ['blocked', take],
    ['looping', takeLooping],
  ] as const) {
    test(`a ${kind} waiter gets ${name} of a killed owner while the parent, and all before it in line, compute`, async () => {
      const lock = make();
      const said = new Queue<string>();
      using _ = watchdog(`${kind} waiter for ${name}`, 60, lock, said);
      const owner = start(hold, lock, said);
      await said.get(TIMEOUT);
      const line: Process[] = [];
      for (let i = 0; i < 2; i++) {
        line.push(
          start((l: Kind) => {
            void l.acquire();
            for (;;);
          }, lock),
        );
        while (waiting(lock) <= i) await setTimeout(1);
      }
      line.push(start(waiter, lock, said));
      await inLine(lock, 3, line.slice(2));
      owner.kill();
      while (said.empty());
      assert.equal(said.getSync(), 'taken');
      for (const p of [owner, ...line]) await slay(p);
    });
  }
}

test('a receiver learns of the death of the other end while the parent, and the one before it in line, compute', async () => {
  const [near, far] = pipe<number>();
  const said = new Queue<string>();
  using _ = watchdog('receivers', 60, said);
  const holder = start(
    (c: Connection, s: Queue<string>) => {
      s.putSync('held');
      s.close();
      new Queue().getSync();
      c.close();
    },
    far,
    said,
  );
  await said.get(TIMEOUT);
  far.close();
  const stuck = start(
    (c: Connection, s: Queue<string>) => {
      void c.recv();
      s.putSync('waits');
      for (;;);
    },
    near,
    said,
  );
  await said.get(TIMEOUT);
  const next = start(
    (c: Connection, s: Queue<string>) => {
      s.putSync('waits');
      try {
        c.recvSync();
      } catch {
        s.putSync('ended');
      }
    },
    near,
    said,
  );
  await said.get(TIMEOUT);
  while (!isAsleep(next)) await setTimeout(1);
  holder.kill();
  while (said.empty());
  assert.equal(said.getSync(), 'ended');
  for (const p of [holder, stuck, next]) await slay(p);
});
