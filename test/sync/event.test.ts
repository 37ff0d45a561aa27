import assert from 'node:assert/strict';
import { ClosedError, Event, Queue } from 'multiproc';
import { test } from '../cases.ts';
import { watchdog } from '../hang.ts';
import { inLine, isParkedWord, slay, start, waiting } from '../inside.ts';

const TIMEOUT = { timeout: 30_000 };

test('isSet and wait of an event follow set and clear', async () => {
  const event = new Event();
  assert.equal(event.isSet(), false);
  assert.equal(await event.wait({ timeout: 0 }), false);
  assert.equal(event.waitSync({ timeout: 1 }), false);
  event.set();
  event.set();
  assert.equal(event.isSet(), true);
  assert.equal(await event.wait(), true);
  assert.equal(event.waitSync(), true);
  assert.equal(await event.wait({ timeout: 0 }), true);
  event.clear();
  event.clear();
  assert.equal(await event.wait({ timeout: 1 }), false);
  assert.equal(waiting(event), 0);
});

test('wait of an event refuses options that make no sense, and ends with an abort and with close', async () => {
  const event = new Event();
  await assert.rejects(event.wait({ timeout: -1 }), RangeError);
  assert.throws(() => event.waitSync({ timeout: Number.NaN }), RangeError);
  await assert.rejects(event.wait(5 as never), TypeError);
  const reason = new Error('enough');
  const controller = new AbortController();
  const wait = event.wait({ signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(wait, reason);
  const last = event.wait();
  event.close();
  event.close();
  await assert.rejects(last, ClosedError);
  await assert.rejects(event.wait(), ClosedError);
  for (const use of [() => event.set(), () => event.clear(), () => event.isSet(), () => event.waitSync()]) {
    assert.throws(use, ClosedError);
  }
});

test('a wait for an event is woken when it is set, though it is cleared at once', async () => {
  const event = new Event();
  using _ = watchdog('pulse', 40, event);
  const here = [event.wait(), event.wait(TIMEOUT)];
  const there = [
    start((e: Event) => process.exit(e.waitSync() ? 0 : 1), event),
    start(async (e: Event) => process.exit((await e.wait()) ? 0 : 1), event),
  ];
  await inLine(event, 3, there);
  event.set();
  event.clear();
  assert.deepEqual(await Promise.all(here), [true, true]);
  await Promise.all(there.map((p) => p.join()));
  assert.deepEqual(
    there.map((p) => p.exitCode),
    [0, 0],
  );
  assert.equal(event.isSet(), false);
  assert.equal(await event.wait({ timeout: 1 }), false);
});

test('waiters that are killed or stopped hold up nobody', async () => {
  const event = new Event();
  using _ = watchdog('dead waiters', 40, event);
  const wait = (e: Event): void => void e.waitSync();
  const line = [];
  for (let i = 0; i < 4; i++) {
    line.push(start(wait, event));
    await inLine(event, i + 1, line);
  }
  await slay(line[1]!);
  process.kill(line[0]!.pid!, 'SIGSTOP');
  event.set();
  await Promise.all([line[2]!.join(), line[3]!.join()]);
  process.kill(line[0]!.pid!, 'SIGCONT');
  await line[0]!.join();
  assert.deepEqual(
    line.map((p) => p.exitCode),
    [0, -9, 0, 0],
  );
});

test('set wakes each waiter once: it does not chase those who wait again at once', async () => {
  const event = new Event();
  using _ = watchdog('chase', 40, event);
  const waiters = [0, 1].map(() =>
    start((e: Event) => {
      for (;;) {
        e.waitSync();
        e.clear();
      }
    }, event),
  );
  await inLine(event, 2, waiters);
  const setter = start((e: Event) => {
    const AWAKE = 0;
    const { exchange } = Atomics;
    let woken = 0;
    const counted = (words: Int32Array, index: number, value: number): number => {
      if (value === AWAKE && isParkedWord(index)) {
        // The one that was woken before is quicker than this process: it stands in line again.
        while (waiting(e) < Math.min(woken, 1));
        woken++;
      }
      return exchange(words, index, value);
    };
    Object.assign(Atomics, { exchange: counted });
    e.set();
    process.exit(woken);
  }, event);
  await setter.join();
  assert.equal(setter.exitCode, 2);
  for (const waiter of waiters) await slay(waiter);
});

test('an event may be sent anywhere', async () => {
  const queue = new Queue<Event>();
  const event = new Event();
  const p = start((q: Queue<Event>) => q.getSync().set(), queue);
  queue.putSync(event);
  assert.equal(await event.wait(TIMEOUT), true);
  await p.join();
});
