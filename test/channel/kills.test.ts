import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { type Process, Queue } from 'multiproc';
import { test } from '../cases.ts';
import { watchdog } from '../hang.ts';
import { heapBytes, inLine, slay, start } from '../inside.ts';
import { random } from '../seeded.ts';

const TIMEOUT = { timeout: 30_000 };
const seed = Number(process.env.TEST_SEED ?? Date.now() % 1e9);
const rounds = Number(process.env.TEST_ROUNDS ?? 30);

const getters = {
  blocked: (queue: Queue<unknown>) => void queue.getSync(),
  looping: async (queue: Queue<unknown>) => void (await queue.get()),
};
const putters = {
  blocked: (queue: Queue<unknown>) => queue.putSync(new Uint8Array(1e6)),
  looping: (queue: Queue<unknown>) => queue.put(new Uint8Array(1e6)),
};

for (const kind of ['blocked', 'looping'] as const) {
  test(`a ${kind} getter that is killed takes nothing with it and holds up nobody`, async () => {
    const queue = new Queue<unknown>();
    using _ = watchdog(`${kind} getter`, 60, queue);
    const line = [start(getters[kind], queue)];
    await inLine(queue, 1, line);
    line.push(start(getters[kind], queue));
    await inLine(queue, 2, line);
    await slay(line[0]!);
    queue.putSync('for the other');
    await line[1]!.join();
    assert.equal(line[1]!.exitCode, 0);
    assert.equal(queue.qsize(), 0);
  });

  test(`a ${kind} putter that is killed leaves no item and no memory behind`, async () => {
    const queue = new Queue<unknown>(1);
    using _ = watchdog(`${kind} putter`, 60, queue);
    queue.putSync(1);
    const putter = start(putters[kind], queue);
    await inLine(queue, 1, [putter], 'put');
    await slay(putter);
    const level = heapBytes();
    for (let i = 0; i < 5; i++) {
      const next = start(putters[kind], queue);
      await inLine(queue, 1, [next], 'put');
      await slay(next);
    }
    assert.ok(heapBytes() - level < 2e6, `${heapBytes() - level} bytes more`);
    assert.equal(queue.qsize(), 1);
    assert.equal(queue.getSync(), 1);
    await queue.put(2, TIMEOUT);
    assert.equal(queue.getSync(), 2);
  });

  test(`a ${kind} getter that is stopped holds up nobody, and goes on`, async () => {
    const queue = new Queue<unknown>();
    using _ = watchdog(`${kind} getter stopped`, 60, queue);
    const stopped = start(getters[kind], queue);
    await inLine(queue, 1, [stopped]);
    const next = start(getters[kind], queue);
    await inLine(queue, 2, [stopped, next]);
    process.kill(stopped.pid!, 'SIGSTOP');
    queue.putSync('for the second');
    await next.join();
    process.kill(stopped.pid!, 'SIGCONT');
    queue.putSync('for the first');
    await stopped.join();
    assert.equal(queue.qsize(), 0);
  });

  test(`a stopped getter holds up nobody even if the process that put the item blocks at once in something else (${kind})`, async () => {
    const queue = new Queue<unknown>();
    const elsewhere = new Queue<string>();
    using _ = watchdog(`${kind} getter stopped, parent blocked`, 60, queue, elsewhere);
    const stopped = start(getters[kind], queue);
    await inLine(queue, 1, [stopped]);
    const next = start(
      (q: Queue<unknown>, e: Queue<string>) => {
        q.getSync();
        e.putSync('got it');
      },
      queue,
      elsewhere,
    );
    await inLine(queue, 2, [stopped, next]);
    process.kill(stopped.pid!, 'SIGSTOP');
    queue.putSync('for the second');
    assert.equal(elsewhere.getSync(), 'got it');
    await slay(stopped);
    await next.join();
  });
}

/** Puts [producer, number, text] for ever. */
async function produce(queue: Queue<unknown>, id: number, blocking: boolean): Promise<void> {
  for (let i = 0; ; i++) {
    const item = {
      id,
      i,
      text: String(i).repeat(1 + (i % 40)),
      bytes: new Uint8Array(i % 50 === 0 ? 40_000 : 3).fill(i),
    };
    if (blocking) queue.putSync(item);
    else await queue.put(item);
  }
}

/** Hands on what it gets, for ever. */
async function forward(from: Queue<unknown>, to: Queue<unknown>, blocking: boolean): Promise<void> {
  for (;;) {
    if (blocking) to.putSync(from.getSync());
    else await to.put(await from.get());
  }
}

for (const bound of [0, 4]) {
  test(`a queue survives a storm of puts and gets with random deaths (bound ${bound}, seed ${seed})`, async () => {
    const [first, second] = [new Queue<unknown>(bound || 50), new Queue<unknown>(bound)];
    using _ = watchdog('storm', 200, first, second);
    const pick = random(seed + bound);
    let producers = 0;
    let killedForwarders = 0;
    const cast: { process: Process; forwards: boolean }[] = [];
    const recruit = (forwards: boolean) => {
      const blocking = pick() < 0.5;
      const process = forwards ? start(forward, first, second, blocking) : start(produce, first, producers++, blocking);
      cast.push({ process, forwards });
    };
    for (const forwards of [false, false, true, true]) recruit(forwards);
    const seen = new Map<number, number[]>();
    const read = (item: unknown) => {
      const { id, i, text, bytes } = item as { id: number; i: number; text: string; bytes: Uint8Array };
      assert.equal(text, String(i).repeat(1 + (i % 40)), 'torn');
      assert.ok(bytes.length === (i % 50 === 0 ? 40_000 : 3) && bytes.every((byte) => byte === i % 256), 'torn');
      if (!seen.has(id)) seen.set(id, []);
      seen.get(id)!.push(i);
    };
    for (let round = 0; round < rounds; round++) {
      const until = performance.now() + pick() * 20;
      while (performance.now() < until) {
        if (pick() < 0.5) await second.get(TIMEOUT).then(read);
        else read(second.getSync(TIMEOUT));
      }
      const [{ process, forwards }] = cast.splice(Math.floor(pick() * cast.length), 1) as [(typeof cast)[number]];
      process.kill();
      if (forwards) killedForwarders++;
      recruit(forwards);
      if (pick() < 0.3) await setTimeout(0);
    }
    for (const { process, forwards } of cast) if (!forwards) await slay(process);
    while (!first.empty()) read(await second.get(TIMEOUT));
    for (const { process, forwards } of cast) if (forwards) await slay(process);
    killedForwarders += 2;
    while (!second.empty()) read(second.getSync(TIMEOUT));
    let lost = 0;
    for (const numbers of seen.values()) {
      numbers.sort((a, b) => a - b);
      assert.equal(new Set(numbers).size, numbers.length, 'an item came twice');
      lost += numbers.at(-1)! + 1 - numbers.length;
    }
    assert.ok(lost <= killedForwarders, `${lost} items lost, ${killedForwarders} killed with at most one in hand`);
    assert.equal(first.qsize() + second.qsize(), 0);
    await first.put('after', TIMEOUT);
    assert.equal(await first.get(TIMEOUT), 'after');
  });
}
