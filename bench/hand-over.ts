// µs of each hand-over of a program, from the first one on: half of a round trip between two processes. What python/hand_over.py does is the same.

import { Condition, Event, Lock, Process, Queue, Semaphore, SharedArray } from 'multiproc';
import { pinThreads } from './pinned.ts';

/** Microseconds of half of a round trip whose length is given in ms. */
const half = (ms: number): number => ms * 500;

function roundsSync(count: number, round: () => void): number[] {
  const values: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    round();
    values.push(half(performance.now() - start));
  }
  return values;
}

async function roundsAwait(count: number, round: () => Promise<unknown>): Promise<number[]> {
  const values: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await round();
    values.push(half(performance.now() - start));
  }
  return values;
}

async function against(
  target: (...args: never[]) => unknown,
  args: unknown[],
  measure: () => number[] | Promise<number[]>,
): Promise<number[]> {
  const p = new Process({ target: target as (...args: unknown[]) => unknown, args, daemon: true });
  p.start();
  const [, , , , , cpus] = process.argv;
  if (cpus === 'one' || cpus === 'two') {
    // Both have counted the CPUs before they are bound to one, and spin.
    await measure();
    pinThreads(cpus);
  }
  const values = await measure();
  p.kill();
  await p.join();
  return values;
}

export async function eventSync(count: number): Promise<number[]> {
  const [ping, pong] = [new Event(), new Event()];
  const peer = (a: Event, b: Event): void => {
    for (;;) {
      a.waitSync();
      a.clear();
      b.set();
    }
  };
  return against(peer, [ping, pong], () =>
    roundsSync(count, () => {
      ping.set();
      pong.waitSync();
      pong.clear();
    }),
  );
}

export async function eventAwait(count: number): Promise<number[]> {
  const [ping, pong] = [new Event(), new Event()];
  const peer = async (a: Event, b: Event): Promise<void> => {
    for (;;) {
      await a.wait();
      a.clear();
      b.set();
    }
  };
  return against(peer, [ping, pong], () =>
    roundsAwait(count, async () => {
      ping.set();
      await pong.wait();
      pong.clear();
    }),
  );
}

export async function semaphoreSync(count: number): Promise<number[]> {
  const [ping, pong] = [new Semaphore(0), new Semaphore(0)];
  const peer = (a: Semaphore, b: Semaphore): void => {
    for (;;) {
      a.acquireSync();
      b.release();
    }
  };
  return against(peer, [ping, pong], () =>
    roundsSync(count, () => {
      ping.release();
      pong.acquireSync();
    }),
  );
}

export async function semaphoreAwait(count: number): Promise<number[]> {
  const [ping, pong] = [new Semaphore(0), new Semaphore(0)];
  const peer = async (a: Semaphore, b: Semaphore): Promise<void> => {
    for (;;) {
      await a.acquire();
      b.release();
    }
  };
  return against(peer, [ping, pong], () =>
    roundsAwait(count, () => {
      ping.release();
      return pong.acquire();
    }),
  );
}

/** An integer there and back through two queues. */
export async function queueAwait(count: number): Promise<number[]> {
  const [ping, pong] = [new Queue<number>(), new Queue<number>()];
  const peer = async (a: Queue<number>, b: Queue<number>): Promise<void> => {
    for (;;) await b.put(await a.get());
  };
  return against(peer, [ping, pong], () =>
    roundsAwait(count, async () => {
      await ping.put(7);
      await pong.get();
    }),
  );
}

/** Each has the lock whenever it notifies, so the other one waits then. */
export async function conditionSync(count: number): Promise<number[]> {
  const condition = new Condition();
  const ready = new Semaphore(0);
  const peer = (c: Condition, r: Semaphore): void => {
    c.acquireSync();
    r.release();
    for (;;) {
      c.waitSync();
      c.notify();
    }
  };
  let isThere = false;
  return against(peer, [condition, ready], () => {
    if (!isThere) ready.acquireSync();
    isThere = true;
    condition.acquireSync();
    const values = roundsSync(count, () => {
      condition.notify();
      condition.waitSync();
    });
    condition.release();
    return values;
  });
}

export async function conditionAwait(count: number): Promise<number[]> {
  const condition = new Condition();
  const ready = new Semaphore(0);
  const peer = async (c: Condition, r: Semaphore): Promise<void> => {
    await c.acquire();
    r.release();
    for (;;) {
      await c.wait();
      c.notify();
    }
  };
  let isThere = false;
  return against(peer, [condition, ready], async () => {
    if (!isThere) await ready.acquire();
    isThere = true;
    await condition.acquire();
    const values = await roundsAwait(count, () => {
      condition.notify();
      return condition.wait();
    });
    condition.release();
    return values;
  });
}

/** Sections per second of two processes that add to one plain number all the time. */
export async function contended(count: number): Promise<number> {
  const lock = new Lock();
  const counter = new SharedArray('int32', 1);
  const [ready, go] = [new Semaphore(0), new Event()];
  const work = (l: Lock, r: Semaphore, g: Event, shared: SharedArray<'int32'>, n: number): void => {
    const { view } = shared;
    const run = (times: number): void => {
      for (let i = 0; i < times; i++) {
        l.acquireSync();
        view[0]!++;
        l.release();
      }
      r.release();
    };
    run(n / 10);
    g.waitSync();
    run(n);
  };
  const workers = [1, 2].map(() => new Process({ target: work, args: [lock, ready, go, counter, count] }));
  for (const p of workers) p.start();
  for (let i = 0; i < 2; i++) ready.acquireSync();
  const start = performance.now();
  go.set();
  for (let i = 0; i < 2; i++) ready.acquireSync();
  const elapsed = performance.now() - start;
  await Promise.all(workers.map((p) => p.join()));
  if (counter.view[0] !== 2.2 * count) throw new Error('An addition was lost.');
  return ((2 * count) / elapsed) * 1000;
}
