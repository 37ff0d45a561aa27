// What a thread sleeps or works in, Node cannot always end by itself: here it must, at once, and nobody else notices.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Barrier, Condition, Event, getContext, Lock, pipe, Queue, RLock, Semaphore } from 'multiproc';
import { type Connection, connect, Listener } from 'multiproc/connection';
import { watchdog } from '../hang.ts';
import { descriptors, isAsleep, until } from '../inside.ts';
import { fixture, run } from './program.ts';

const { Process } = getContext('thread');
const here = getContext('spawn');

/** What a thread does until it is ended; it has said so just before. */
type Endless = (ready: Queue<string>) => unknown;

const held = new Lock();
const condition = new Condition();
const full = new Queue<number>(1);
const [end, other] = pipe();

async function socketPair(): Promise<[Connection, Connection]> {
  using listener = new Listener();
  return await Promise.all([listener.accept(), connect(listener.address)]);
}

const [near, far] = await socketPair();
after(() => {
  // They must not have been collected.
  for (const each of [end, other, near, far]) each.close();
});

/** Those that sleep, by where they do. */
const sleeps: Readonly<Record<string, Endless>> = {
  'getSync of an empty queue': () => new Queue().getSync(),
  'getSync with a long time-out': () => new Queue().getSync({ timeout: 1e9 }),
  'putSync into a full queue': () => full.putSync(2),
  'acquireSync of a lock': () => held.acquireSync(),
  'acquireSync of a semaphore': () => new Semaphore(0).acquireSync(),
  'waitSync of a condition': () => {
    condition.acquireSync();
    condition.waitSync();
  },
  'waitSync of an event': () => new Event().waitSync(),
  'waitSync of a barrier': () => new Barrier(2).waitSync(),
  'recvSync of a pipe': () => end.recvSync(),
  'recvSync of a socket': () => near.recvSync(),
  'sendSync to a socket that nobody reads': () => {
    for (;;) near.sendBytesSync(new Uint8Array(1e6));
  },
  'joinSync of a process': () => {
    const p = new here.Process({ target: () => new Queue().getSync() });
    p.start();
    p.joinSync();
  },
  'joinSync of a thread': () => {
    const p = new Process({ target: () => new Queue().getSync() });
    p.start();
    p.joinSync();
  },
  'get of an empty queue': () => new Queue().get(),
};

/** Those that work. */
const loops: Readonly<Record<string, Endless>> = {
  'a busy loop': () => {
    for (;;);
  },
  'a loop of puts and gets': () => {
    const queue = new Queue<number>();
    for (;;) {
      queue.putSync(1);
      queue.getSync();
    }
  },
  'a loop of promises': async () => {
    for (;;) await null;
  },
};

/** Starts a thread that runs `endless`, and comes back when it is at it. */
async function started(endless: Endless, sleeping: boolean) {
  const ready = new Queue<string>();
  const target = (q: Queue<string>) => {
    q.putSync('ready');
    return endless(q);
  };
  const p = new Process({ target, args: [ready], daemon: true });
  p.start();
  await ready.get();
  if (sleeping) await until(() => isAsleep(p));
  return p;
}

describe('a thread is ended', () => {
  held.acquireSync();
  full.putSync(1);
  for (const [sleeping, all] of [
    [true, sleeps],
    [false, loops],
  ] as const) {
    for (const [where, endless] of Object.entries(all)) {
      test(`a thread is ended in ${where}`, async () => {
        using _ = watchdog(where, 40);
        const p = await started(endless, sleeping);
        p.kill();
        await p.join();
        assert.equal(p.exitCode, -9);
      });

      test(`a thread is ended in ${where}, by a thread that is blocked until then`, async () => {
        using _ = watchdog(where, 40);
        const p = await started(endless, sleeping);
        p.terminate();
        p.joinSync();
        assert.equal(p.exitCode, -15);
      });

      test(`a thread is ended in ${where}, with the thread that started it`, async () => {
        using _ = watchdog(where, 40);
        const ready = new Queue<string>();
        const outer = (q: Queue<string>, inner: (q: Queue<string>) => unknown) => {
          const p = new Process({ target: inner, args: [q], daemon: true });
          p.start();
          new Queue().getSync();
        };
        const inner = (q: Queue<string>) => {
          q.putSync('ready');
          return endless(q);
        };
        const p = new Process({ target: outer, args: [ready, inner], daemon: true });
        p.start();
        await ready.get();
        p.kill();
        await p.join();
        assert.equal(p.exitCode, -9);
      });
    }
  }

  test('a thread is ended with the thread that started it, wherever it is as it starts another', async () => {
    const starts = (q: Queue<string>) => {
      q.putSync('ready');
      const p = new Process({ target: () => new Queue().getSync(), daemon: true });
      p.start();
      p.joinSync();
    };
    const outer = (q: Queue<string>, inner: (q: Queue<string>) => void) => {
      const p = new Process({ target: inner, args: [q], daemon: true });
      p.start();
      new Queue().getSync();
    };
    for (let round = 0; round < 20; round++) {
      using _ = watchdog('starts another', 40);
      const ready = new Queue<string>();
      const p = new Process({ target: outer, args: [ready, starts], daemon: true });
      p.start();
      await ready.get();
      // A little later each time.
      for (const end = performance.now() + round / 5; performance.now() < end; );
      p.kill();
      await p.join();
      assert.equal(p.exitCode, -9);
      ready.close();
    }
  });

  test('what an ended thread held passes on, marked as abandoned', async () => {
    const [lock, rlock, semaphore] = [new Lock(), new RLock(), new Semaphore(1)];
    using _ = watchdog('passes on', 40, lock, rlock, semaphore);
    const p = await started(() => {
      for (const each of [lock, rlock, semaphore]) each.acquireSync();
      new Queue().getSync();
    }, true);
    const waits = [lock, rlock, semaphore].map((each) => each.acquire());
    p.kill();
    assert.deepEqual(await Promise.all(waits), [true, true, true]);
    assert.deepEqual([lock.abandoned, rlock.abandoned, semaphore.abandoned], [true, true, true]);
  });

  test('a process and a thread that an ended thread has started end with it, the other threads go on', async () => {
    const pids = new Queue<number>();
    const gate = new Queue<string>();
    const answers = new Queue<string>();
    using _ = watchdog('go on', 40, gate, answers);
    const bystander = new Process({ target: () => answers.putSync(gate.getSync()) });
    bystander.start();
    const p = new Process({
      target: () => {
        const child = new here.Process({ target: () => new Queue().getSync() });
        child.start();
        pids.putSync(child.pid as number);
        new Queue().getSync();
      },
    });
    p.start();
    const pid = await pids.get();
    p.kill();
    await p.join();
    await until(() => {
      try {
        process.kill(pid, 0);
        return false;
      } catch {
        return true;
      }
    });
    gate.putNowait('on');
    assert.equal(await answers.get(), 'on');
    await bystander.join();
    assert.equal(bystander.exitCode, 0);
  });
});

for (const [way, last] of [
  ['its target is done', () => {}],
  ['of process.exit', () => process.exit(3)],
  [
    'of an error',
    () => {
      throw new Error('as it should');
    },
  ],
] as [string, () => void][]) {
  test(`a thread that ends because ${way} takes its daemon with it, which sleeps`, async () => {
    using _ = watchdog(way, 40);
    const ready = new Queue<string>();
    const outer = (q: Queue<string>, end: () => void) => {
      const inner = (q: Queue<string>) => {
        q.putSync('ready');
        near.recvSync();
      };
      const p = new Process({ target: inner, args: [q], daemon: true });
      p.start();
      setImmediate(() => {
        q.getSync();
        end();
      });
    };
    const p = new Process({ target: outer, args: [ready, last] });
    p.start();
    await p.join();
    assert.equal(p.exitCode, { 'its target is done': 0, 'of process.exit': 3, 'of an error': 1 }[way]);
  });
}

test('threads leave no descriptors open, however they and what they have started end', async () => {
  const rounds = 12;
  const gate = new Queue<number>();
  const round = async (i: number) => {
    const ready = new Queue<number>();
    const target = (n: number, q: Queue<number>) => {
      const kin = [here, getContext('thread')].map(({ Process }) => {
        const sleep = (q: Queue<number>) => {
          q.putSync(1);
          new Queue().getSync();
        };
        const p = new Process({ target: sleep, args: [q], daemon: true });
        p.start();
        return p;
      });
      // Rings its doorbell.
      gate.putSync(1);
      q.putSync(1);
      for (const _ of kin) while (q.qsize() < 3);
      if (n % 3 === 0) return;
      if (n % 3 === 1) process.exit();
      new Queue().getSync();
    };
    const p = new Process({ target, args: [i, ready] });
    p.start();
    await gate.get();
    await until(() => ready.qsize() === 3);
    if (i % 3 === 2) p.kill();
    await p.join();
    ready.close();
  };
  using _ = watchdog('descriptors', 60);
  for (let i = 0; i < 3; i++) await round(i);
  const before = descriptors();
  for (let i = 0; i < rounds; i++) await round(i);
  await until(() => descriptors() <= before);
});

test('a thread that sleeps ends with a thread of the program that has started it, which Node ends without a word', async () => {
  const { code, stdout } = await run(fixture('foreign-thread'));
  assert.deepEqual([code, stdout], [0, 'started\nended\n']);
});
