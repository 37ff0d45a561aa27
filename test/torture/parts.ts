import assert from 'node:assert/strict';
import { type Connection, Pool, Process, pipe } from 'multiproc';
import { Manager } from 'multiproc/managers';
import { SharedMemory } from 'multiproc/shared-memory';
import { type Item, isWhole, makeItem, type Stage } from './stage.ts';
import { beUnquiet, type Unrest } from './unrest.ts';

/** One round of what a member does for ever; a long one tells each `step`. It tolerates what may fail by a disturbance of its own or of others, and nothing else. */
export type Part = (stage: Stage, unrest: Unrest, step: () => void) => () => Promise<void>;

/** True for the errors that have a code: of the library, and of the system below it. At the end of a `using` there may be two. */
function isExpected(error: unknown): boolean {
  const { error: last, suppressed } = Object(error) as { error?: unknown; suppressed?: unknown };
  if (suppressed !== undefined) return isExpected(last) && isExpected(suppressed);
  return (
    typeof (error as { code?: unknown } | undefined)?.code === 'string' && !(error instanceof assert.AssertionError)
  );
}

async function tolerate<T>(attempt: () => Promise<T> | T): Promise<T | undefined> {
  try {
    return await attempt();
  } catch (error) {
    if (isExpected(error)) return undefined;
    throw error;
  }
}

const SHORT = { timeout: 20 };
const double = (n: number) => n * 2;

/** The parts, by name. */
export const parts = {
  /** Puts numbered items; what was refused was not put, so its number is still to come. */
  produce({ first }, { who }) {
    let number = 0;
    return async () => {
      const item = makeItem(who, number);
      if (number % 2 === 0) await first.put(item).then(() => number++, rethrowUnexpected);
      else {
        try {
          first.putSync(item);
          number++;
        } catch (error) {
          rethrowUnexpected(error);
        }
      }
    };
  },

  /** Hands on what it gets: if it dies, one item dies with it at most. */
  forward({ first, second }) {
    let item: Item | undefined;
    return async () => {
      item ??= await tolerate(() => first.get(SHORT));
      if (item === undefined) return;
      assert.ok(isWhole(item), 'an item is torn');
      const given = item;
      await second.put(given).then(() => {
        item = undefined;
      }, rethrowUnexpected);
    };
  },

  /** Changes a number that two must not change at once. */
  guard({ lock, guarded: { view }, counter }) {
    return async () => {
      if ((await tolerate(() => lock.acquire(SHORT))) !== true) return;
      if (lock.abandoned) view.fill(0, 0, 1);
      assert.equal(view[0], 0, 'two have the lock at once');
      view[0] = process.pid;
      if (view[1] !== view[2]) view[2] = view[1] as number;
      view[1]!++;
      view[2]!++;
      assert.equal(view[0], process.pid, 'two have the lock at once');
      view[0] = 0;
      lock.release();
      counter.add(1);
    };
  },

  /** Does a little of everything else that waits. */
  meet({ rlock, semaphore, condition, event, barrier }) {
    return async () => {
      for (const lock of [rlock, semaphore, condition]) {
        try {
          // Not by way of another promise: an RLock belongs to the code that awaits this one.
          if (!(await lock.acquire(SHORT))) continue;
        } catch (error) {
          rethrowUnexpected(error);
          continue;
        }
        if (lock === condition) await tolerate(() => condition.wait({ timeout: 2 }));
        if (lock === condition) condition.notify();
        lock.release();
      }
      if (event.isSet()) event.clear();
      else event.set();
      await tolerate(() => event.wait({ timeout: 2 }));
      if ((await tolerate(() => barrier.wait(SHORT))) === undefined) await tolerate(() => barrier.reset());
    };
  },

  /** Owns a pool whose workers are disturbed, too. */
  pool(_, unrest, step) {
    let made = 0;
    return async () => {
      const seed = unrest.seed + ++made;
      const workers = { ...unrest, who: `${unrest.who}/worker`, seed, every: unrest.every * 4 };
      await tolerate(async () => {
        await using pool = new Pool({ processes: 2, initializer: beUnquiet, initargs: [workers] });
        for (let round = 0; round < 20; round++) {
          const results = await pool.map(double, [1, 2, 3, 4], { chunksize: 1, retries: 5 });
          assert.deepEqual(results, [2, 4, 6, 8]);
          step();
        }
      });
    };
  },

  /** Speaks with another through a pipe until one of them is gone. */
  pipe(_, unrest, step) {
    let made = 0;
    return async () => {
      const [here, there] = pipe();
      const echo = new Process({
        target: async (end: Connection, u: Unrest) => {
          beUnquiet(u);
          for await (const message of end) await end.send(message);
        },
        args: [there, { ...unrest, who: `${unrest.who}/echo`, seed: unrest.seed + ++made }],
        daemon: true,
      });
      await tolerate(async () => {
        echo.start();
        there.close();
        for (let number = 0; number < 200; number++) {
          await here.send({ number });
          assert.equal((await here.recv()).number, number, 'messages come in another order');
          step();
        }
      });
      here.close();
      if (echo.pid !== undefined) echo.kill();
    };
  },

  /** Uses a manager whose server is disturbed, too. */
  manager(_, unrest, step) {
    let made = 0;
    return async () => {
      const server = { ...unrest, who: `${unrest.who}/server`, seed: unrest.seed + ++made };
      await tolerate(async () => {
        const manager = new Manager({ initializer: beUnquiet, initargs: [server] });
        try {
          const dict = manager.dict();
          const queue = manager.queue();
          for (let number = 0; number < 50; number++) {
            await dict.set('number', number);
            await queue.put(number);
            assert.equal(await dict.get('number'), number);
            assert.equal(await queue.get(), number);
            step();
          }
        } finally {
          await manager.shutdown();
        }
      });
    };
  },

  /** Makes named memory, which goes again. */
  memory({ counter }) {
    return async () => {
      await tolerate(() => {
        using memory = SharedMemory.create({ size: 5000 });
        memory.buffer[0] = 7;
        using again = SharedMemory.attach(memory.name);
        assert.equal(again.buffer[0], 7);
        memory.unlink();
      });
      counter.add(1);
    };
  },
} satisfies Record<string, Part>;

function rethrowUnexpected(error: unknown): void {
  if (!isExpected(error)) throw error;
}
