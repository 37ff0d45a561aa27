import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { ClosedError, Pool, type Process, Queue, registerClass } from 'multiproc';
import { test } from '../cases.ts';
import { here } from '../here.ts';
import { heapBytes, slay, start } from '../inside.ts';
import { watched } from '../watchdog.ts';
import { poolOf } from './pools.ts';

test("another pool's wrapped function is an argument of a task, and runs in its own pool", async () => {
  const owner = poolOf(1);
  const other = poolOf(1);
  const square = owner.wrap((x: number) => [x * x, process.pid]);
  const [, worker] = (await watched(square(2))) as [number, number];
  const answers = other.apply(async (f: typeof square) => [await f(3), await f(4)], [square]);
  assert.deepEqual(await watched(answers), [
    [9, worker],
    [16, worker],
  ]);
  const fails = owner.wrap(() => {
    throw new TypeError('there');
  });
  const caught = other.apply((f: typeof fails) => f().catch((error: Error) => error.name + error.message), [fails]);
  assert.equal(await watched(caught), 'TypeErrorthere');
});

test('a wrapped function has the name and the number of parameters of its function, elsewhere too', async () => {
  const add = (a: number, b: number) => a + b;
  const wrapped = poolOf(1).wrap(add);
  assert.deepEqual([wrapped.name, wrapped.length], ['add', 2]);
  const seen = poolOf(1).apply((f: typeof wrapped) => [f.name, f.length], [wrapped]);
  assert.deepEqual(await watched(seen), ['add', 2]);
});

// biome-ignore lint/suspicious/noExplicitAny: any function that `wrap` made.
type WrappedFunction = (...args: any[]) => Promise<any>;

/** What a call in another process, with these arguments, comes to: `code path message` of its error. */
async function failureOf(wrapped: WrappedFunction, ...args: unknown[]): Promise<string> {
  const caller = poolOf(1);
  const task = (f: WrappedFunction, args: unknown[]) =>
    f(...args).then(
      (value) => `it resolved with ${value}`,
      ({ code, path, message }) => `${code} ${path} ${message}`,
    );
  try {
    return await watched(caller.apply(task, [wrapped, args]));
  } finally {
    caller.terminate();
  }
}

describe('a wrapped function that is called elsewhere', () => {
  class Odd {}
  registerClass(Odd, { encode: () => 1, decode: () => ({ tag: Symbol('only here') }) });
  class Choosy {}
  const owner = here();
  const decode = () => {
    if (here() === owner) throw new RangeError('not with me');
    return new Choosy();
  };
  registerClass(Choosy, { encode: () => 1, decode });

  test('a wrapped function that is called elsewhere answers what keeps its result from being sent on', async () => {
    const pool = poolOf(1);
    assert.match(await failureOf(pool.wrap(() => new Odd())), /^ERR_SERIALIZATION result\.tag .*result\.tag/);
  });

  test('a wrapped function that is called elsewhere answers what keeps an argument from being sent, or from being read by the owner', async () => {
    const pool = poolOf(1);
    const f = pool.wrap((..._: unknown[]) => 0);
    assert.match(await failureOf(f, 1, new Odd()), /^ERR_SERIALIZATION args\[1\]\.tag .*args\[1\]\.tag/);
    assert.match(await failureOf(f, new Choosy()), /not with me/);
  });

  test('a wrapped function that is called elsewhere rejects where the pool is closed, and what was asked before is answered', async () => {
    const pool = poolOf(1);
    const [gate, said, outcomes] = [new Queue<number>(), new Queue<string>(), new Queue<string>()];
    const slow = pool.wrap(async () => {
      await said.put('runs');
      return gate.get();
    });
    const calls = poolOf(1).apply(
      async (f: typeof slow) => {
        for (let i = 0; i < 2; i++) {
          await outcomes.put(await f().then(String, (error) => error.code));
          await gate.get();
        }
      },
      [slow],
    );
    assert.equal(await watched(said.get()), 'runs');
    pool.close();
    gate.putNowait(7);
    assert.equal(await watched(outcomes.get()), '7');
    await watched(pool.join());
    gate.putNowait(8);
    assert.equal(await watched(outcomes.get()), 'ERR_CLOSED');
    gate.putNowait(9);
    await watched(calls);
    await assert.rejects(slow(), ClosedError);
    await assert.rejects(poolOf(1).apply(slow), { code: 'ERR_CLOSED', message: /Pool of this function/ });
  });

  test('a wrapped function that is called elsewhere leaves nothing behind where the pool is closed', async () => {
    const pool = poolOf(1);
    const [said, gate] = [new Queue<string>(), new Queue<number>()];
    const f = pool.wrap((..._: unknown[]) => 0);
    const left = poolOf(1).apply(
      async (wrapped: typeof f) => {
        const refused = async (times: number) => {
          for (let i = 0; i < times; i++)
            await assert.rejects(wrapped(new Uint8Array(2 ** 20)), { code: 'ERR_CLOSED' });
        };
        await said.put('has it');
        await gate.get();
        await refused(5);
        const before = heapBytes();
        await refused(20);
        return heapBytes() - before;
      },
      [f],
    );
    assert.equal(await watched(said.get()), 'has it');
    pool.close();
    await watched(pool.join());
    gate.putNowait(1);
    const bytes = await watched(left);
    assert.ok(bytes < 2 ** 20, `${bytes} bytes`);
  });

  /** A caller that is no child of the pool's owner. */
  async function callOf(owner: Process, offers: Queue<WrappedFunction>, outcomes: Queue<string>): Promise<Process> {
    const call = async () => {
      const f = await offers.get();
      outcomes.putSync('calls');
      for (let i = 0; i < 2; i++) outcomes.putSync(await f().then(String, (error) => error.code));
    };
    const caller = start(call);
    assert.equal(await watched(outcomes.get()), 'calls', `of ${owner.name}`);
    return caller;
  }

  /** The owner of a pool: offers a function that says when it runs, and then does what it is told. */
  const own = async (offers: Queue<WrappedFunction>, said: Queue<string>, orders: Queue<string>) => {
    const pool = new Pool(1);
    const forever = async () => {
      await said.put('runs');
      await new Promise(() => setInterval(() => {}, 1e6));
    };
    const offer = pool.wrap(forever);
    await pool.apply(() => 0);
    await offers.put(offer);
    if ((await orders.get()) === 'end') process.exit(0);
    await said.put('stands still');
    for (;;);
  };

  for (const end of ['killed', 'over', 'killed before it came to that']) {
    test(`a wrapped function that is called elsewhere rejects when the owner is ${end}`, async () => {
      const [offers, outcomes] = [new Queue<WrappedFunction>(), new Queue<string>()];
      const [said, orders] = [new Queue<string>(), new Queue<string>()];
      const owner = start(own, offers, said, orders);
      const standsStill = end.endsWith('that');
      if (standsStill) {
        orders.putNowait('stand still');
        assert.equal(await watched(said.get()), 'stands still');
      }
      const caller = await callOf(owner, offers, outcomes);
      if (!standsStill) assert.equal(await watched(said.get()), 'runs');
      if (end === 'over') orders.putNowait('end');
      else await slay(owner);
      // The call that was under way, and one that comes afterwards.
      assert.equal(await watched(outcomes.get()), 'ERR_POOL_BROKEN');
      assert.equal(await watched(outcomes.get()), 'ERR_POOL_BROKEN');
      await watched(caller.join());
    });
  }
});
