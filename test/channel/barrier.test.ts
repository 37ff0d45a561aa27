import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { Barrier, BrokenBarrierError, ClosedError, Event, type Process, Queue, SerializationError } from 'multiproc';
import { test } from '../cases.ts';
import { watchdog } from '../hang.ts';
import { inLine, start, startThread, until } from '../inside.ts';
import { add, count, freeCounter, newCounter } from '../sync/shared-counter.ts';

const TIMEOUT = { timeout: 30_000 };

test('arguments of a barrier that make no sense are refused', async () => {
  for (const parties of [0, -1, 0.5, Number.NaN, 2 ** 16 + 1]) assert.throws(() => new Barrier(parties), RangeError);
  assert.throws(() => new Barrier('2' as never), TypeError);
  assert.throws(() => new Barrier(undefined as never), TypeError);
  assert.throws(() => new Barrier(2, { timeout: -1 }), RangeError);
  assert.throws(() => new Barrier(2, { action: 5 as never }), TypeError);
  const socket = process.stdin;
  assert.throws(() => new Barrier(2, { action: () => socket.fd }), SerializationError);
  const barrier = new Barrier(2);
  await assert.rejects(barrier.wait({ timeout: -1 }), RangeError);
  assert.throws(() => barrier.waitSync({ timeout: Number.NaN }), RangeError);
  const reason = new Error('enough');
  await assert.rejects(barrier.wait({ signal: AbortSignal.abort(reason) }), reason);
  assert.deepEqual([barrier.parties, barrier.nWaiting, barrier.broken], [2, 0, false]);
});

test('each party of a barrier gets another index, whichever way it waits', async () => {
  const barrier = new Barrier(70);
  const indices = await Promise.all(Array.from({ length: 70 }, () => barrier.wait()));
  assert.deepEqual(
    [...indices].sort((a, b) => a - b),
    [...indices.keys()],
  );
  assert.equal(barrier.nWaiting, 0);
});

test('an aborted party of a barrier is as one that never came', async () => {
  const barrier = new Barrier(3);
  const controller = new AbortController();
  const first = barrier.wait({ signal: controller.signal });
  const second = barrier.wait();
  assert.equal(barrier.nWaiting, 2);
  controller.abort(new Error('enough'));
  await assert.rejects(first, /enough/);
  assert.equal(barrier.nWaiting, 1);
  const indices = await Promise.all([second, barrier.wait(), barrier.wait()]);
  assert.deepEqual([...indices].sort(), [0, 1, 2]);
});

test('a party whose time is over breaks the barrier for all, until it is reset', async () => {
  const barrier = new Barrier(3, { timeout: 20 });
  const patient = barrier.wait(TIMEOUT);
  await assert.rejects(barrier.wait(), { code: 'ERR_BROKEN_BARRIER' });
  await assert.rejects(patient, BrokenBarrierError);
  assert.equal(barrier.broken, true);
  await assert.rejects(barrier.wait(), BrokenBarrierError);
  assert.throws(() => barrier.waitSync(), BrokenBarrierError);
  barrier.reset();
  assert.equal(barrier.broken, false);
  assert.throws(() => barrier.waitSync({ timeout: 1 }), BrokenBarrierError);
  barrier.reset();
  const waits = [barrier.wait(TIMEOUT), barrier.wait(TIMEOUT), barrier.wait(TIMEOUT)];
  assert.equal((await Promise.all(waits)).length, 3);
});

test('reset of a barrier sends those away who wait, abort those who come too', async () => {
  const barrier = new Barrier(2);
  const sentAway = barrier.wait();
  barrier.reset();
  await assert.rejects(sentAway, BrokenBarrierError);
  assert.equal(barrier.broken, false);
  const aborted = barrier.wait();
  barrier.abort();
  await assert.rejects(aborted, BrokenBarrierError);
  await assert.rejects(barrier.wait(), BrokenBarrierError);
  barrier.reset();
  assert.equal((await Promise.all([barrier.wait(), barrier.wait()])).length, 2);
});

test('close of a barrier ends the waits of this process as if they had not come', async () => {
  const barrier = new Barrier(2);
  const wait = barrier.wait();
  barrier.close();
  barrier.close();
  await assert.rejects(wait, ClosedError);
  await assert.rejects(barrier.wait(), ClosedError);
  for (const use of [() => barrier.waitSync(), () => barrier.reset(), () => barrier.abort(), () => barrier.parties]) {
    assert.throws(use, ClosedError);
  }
});

test('close in the middle of the action breaks the barrier for the others', async () => {
  // The barrier itself cannot be captured before it is there.
  let close = (): void => {};
  const barrier = new Barrier(2, { action: () => close() });
  close = () => barrier.close();
  const answers = new Queue<string>();
  using _ = watchdog('closed in the action', 40, answers);
  const p = start(parties.blocked, barrier, answers);
  await inLine(barrier, 1, [p]);
  await assert.rejects(barrier.wait(), ClosedError);
  assert.equal(await answers.get(TIMEOUT), 'BrokenBarrierError');
  await p.join();
});

test('the action runs once a round, in one party, before anybody goes on; it may be async', async () => {
  let runs = 0;
  const barrier = new Barrier(3, {
    action: async () => {
      await setImmediate();
      runs++;
    },
  });
  for (let round = 1; round <= 3; round++) {
    const party = async (): Promise<number> => {
      await barrier.wait();
      return runs;
    };
    assert.deepEqual(await Promise.all([party(), party(), party()]), [round, round, round]);
  }
});

test('an action that throws breaks the barrier, and its party gets the error', async () => {
  const barrier = new Barrier(2, {
    action: () => {
      throw new RangeError('mine');
    },
  });
  const first = barrier.wait();
  await assert.rejects(barrier.wait(), RangeError);
  await assert.rejects(first, BrokenBarrierError);
  assert.equal(barrier.broken, true);
  const asynchronous = new Barrier(1, { action: async () => {} });
  assert.throws(() => asynchronous.waitSync(), TypeError);
  assert.equal(asynchronous.broken, true);
});

test('the time of a party does not count while the action runs, and a surplus party waits for the next round', async () => {
  const go = new Event();
  const barrier = new Barrier(2, { action: () => go.wait() });
  const round = [barrier.wait({ timeout: 300 }), barrier.wait()];
  const surplus = barrier.wait();
  assert.equal(barrier.nWaiting, 2);
  await new Promise((resolve) => setTimeout(resolve, 400));
  assert.equal(barrier.broken, false);
  go.set();
  assert.deepEqual((await Promise.all(round)).sort(), [0, 1]);
  await until(() => barrier.nWaiting === 1);
  assert.deepEqual([await barrier.wait(), await surplus].sort(), [0, 1]);
});

test('the action travels, and runs in whichever process comes last', async () => {
  const runs = new Queue<number>();
  const barrier = new Barrier(2, { action: () => runs.putSync(process.pid) });
  using _ = watchdog('action elsewhere', 40, barrier, runs);
  const wait = barrier.wait();
  const p = start((b: Barrier) => void b.waitSync(), barrier);
  await wait;
  assert.equal(await runs.get(TIMEOUT), p.pid);
  await p.join();
});

test('eight parties stay in lockstep for a thousand rounds', { timeout: 600_000 }, async () => {
  const barrier = new Barrier(8);
  const counters = Array.from({ length: 8 }, newCounter);
  using _ = watchdog('lockstep', 300, barrier);
  const blocked = (b: Barrier, places: number[], me: number): void => {
    for (let round = 1; round <= 1000; round++) {
      add(places[me]!);
      b.waitSync();
      // All have finished this round, and nobody the next but one.
      if (places.some((place) => count(place) < round || count(place) > round + 1)) process.exit(9);
    }
  };
  const looping = async (b: Barrier, places: number[], me: number): Promise<void> => {
    for (let round = 1; round <= 1000; round++) {
      add(places[me]!);
      await b.wait();
      if (places.some((place) => count(place) < round || count(place) > round + 1)) process.exit(9);
    }
  };
  // Six processes and two threads.
  const parties = counters.map((_, i) =>
    (i < 6 ? start : startThread)(i % 2 === 0 ? blocked : looping, barrier, counters, i),
  );
  await Promise.all(parties.map((p) => p.join()));
  assert.deepEqual(
    parties.map((p) => p.exitCode),
    Array(8).fill(0),
  );
  assert.deepEqual([barrier.broken, barrier.nWaiting], [false, 0]);
  for (const counter of counters) freeCounter(counter);
});

const parties = {
  blocked: (b: Barrier, q: Queue<string>) => {
    try {
      q.putSync(`passed ${b.waitSync()}`);
    } catch (error) {
      q.putSync((error as Error).name);
    }
  },
  looping: async (b: Barrier, q: Queue<string>) => {
    try {
      q.putSync(`passed ${await b.wait()}`);
    } catch (error) {
      q.putSync((error as Error).name);
    }
  },
};

for (const kind of ['blocked', 'looping'] as const) {
  test(`a ${kind} party that is killed breaks the barrier, while the parent does nothing but compute`, async () => {
    const barrier = new Barrier(5);
    const answers = new Queue<string>();
    using _ = watchdog(`${kind} party killed`, 40, barrier, answers);
    const line: Process[] = [];
    for (let i = 0; i < 3; i++) {
      line.push(start(parties[kind], barrier, answers));
      await inLine(barrier, i + 1, line);
    }
    line[1]!.kill();
    while (answers.qsize() < 2);
    assert.deepEqual([answers.getSync(), answers.getSync()], ['BrokenBarrierError', 'BrokenBarrierError']);
    assert.equal(barrier.broken, true);
    await Promise.all(line.map((p) => p.join()));
  });

  test(`a party that is killed before it comes breaks the barrier for ${kind} parties; one that ends by itself does not`, async () => {
    const barrier = new Barrier(3);
    const answers = new Queue<string>();
    using _ = watchdog(`missing party, ${kind}`, 40, barrier, answers);
    const idle = start(
      (b: Barrier, q: Queue<string>) => {
        q.putSync(String(b.parties));
        new Queue().getSync();
      },
      barrier,
      answers,
    );
    const line = [start(parties[kind], barrier, answers), start(parties[kind], barrier, answers)];
    await inLine(barrier, 2, line);
    assert.equal(await answers.get(TIMEOUT), '3');
    const done = start((b: Barrier) => void b.parties, barrier);
    await done.join();
    assert.equal(barrier.broken, false);
    idle.kill();
    for (const _ of line) assert.equal(await answers.get(TIMEOUT), 'BrokenBarrierError');
    await Promise.all([idle, ...line].map((p) => p.join()));
    barrier.reset();
    line.length = 0;
    for (let i = 0; i < 3; i++) line.push(start(parties[kind], barrier, answers));
    const passed = [await answers.get(TIMEOUT), await answers.get(TIMEOUT), await answers.get(TIMEOUT)];
    assert.deepEqual(passed.sort(), ['passed 0', 'passed 1', 'passed 2']);
    await Promise.all(line.map((p) => p.join()));
  });
}

test('a party that fails, or is killed in the action, breaks the barrier', async () => {
  const failing = new Barrier(2);
  const wait = failing.wait();
  const p = start((b: Barrier) => process.exit(b.parties), failing);
  await assert.rejects(wait, BrokenBarrierError);
  await p.join();
  const killed = new Barrier(2, { action: () => void process.kill(process.pid, 'SIGKILL') });
  const first = killed.wait();
  const second = start((b: Barrier) => void b.waitSync(), killed);
  await assert.rejects(first, BrokenBarrierError);
  await second.join();
});
