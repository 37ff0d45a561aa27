// Programs, their gateways and the server are killed, and programs are stopped for longer than their lease, at the steps of each type of
// object: just before the server takes the step, and when it has taken it and nobody has heard of that. TEST_LONG has all.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { BrokenBarrierError } from 'multiproc';
import { Cluster } from 'multiproc/cluster';
import { randomBelow } from '../seeded.ts';
import { key, Program } from './program.ts';
import { RedisServer, skip } from './redis-server.ts';
import { childrenOf, until } from './stage.ts';
import { objectStep, StepProxy } from './step-proxy.ts';

const isLong = process.env.TEST_LONG === '1';
const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
const lease = 1500;

/** What became of a step: never done, done by a victim that is dead or stopped, or done by a program that has ended in order. */
type Fate = 'undone' | 'done' | 'lived';

/** A step of a type of objects. */
interface Row {
  /** What the victim does before, and then, when the step is awaited. */
  readonly prepare: string;
  readonly act: string;
  readonly step: string;
  /** What another program does before the step. */
  before?(cluster: Cluster, name: string): Promise<unknown>;
  /** What another program does so that the act of a living victim ends. */
  meet?(cluster: Cluster, name: string): Promise<unknown>;
  /** What another program finds. */
  check(cluster: Cluster, name: string, fate: Fate): Promise<void>;
}

const queue = 'o.q = cluster.queue(0, { name }); await o.q.qsize()';
const joinable = 'o.q = cluster.joinableQueue(0, { name, redeliver: true }); await o.q.qsize()';
const rows: Record<string, Row> = {
  'the first step of an object': {
    prepare: '',
    act: `${queue}`,
    step: 'open',
    async check(cluster, name) {
      const q = cluster.queue<number>(0, { name });
      await q.put(1);
      assert.equal(await q.get(), 1);
    },
  },
  'a put': {
    prepare: queue,
    act: 'await o.q.put(7)',
    step: 'put',
    async check(cluster, name, fate) {
      const q = cluster.queue<number>(0, { name });
      assert.equal(await q.qsize(), fate === 'undone' ? 0 : 1);
      if (fate !== 'undone') assert.equal(await q.get(), 7);
    },
  },
  'a get': {
    prepare: queue,
    act: 'return await o.q.get()',
    step: 'get',
    before: (cluster, name) => cluster.queue<number>(0, { name }).put(7),
    async check(cluster, name, fate) {
      assert.equal(await cluster.queue(0, { name }).qsize(), fate === 'undone' ? 1 : 0);
    },
  },
  'a get with redelivery': {
    prepare: joinable,
    act: 'return await o.q.get()',
    step: 'get',
    before: (cluster, name) => cluster.joinableQueue<number>(0, { name, redeliver: true }).put(7),
    async check(cluster, name) {
      const q = cluster.joinableQueue<number>(0, { name, redeliver: true });
      assert.equal(await q.get(), 7);
      await q.taskDone();
      await q.join();
    },
  },
  'an item told done': {
    prepare: `${joinable}; await o.q.get()`,
    act: 'await o.q.taskDone()',
    step: 'done',
    before: (cluster, name) => cluster.joinableQueue<number>(0, { name, redeliver: true }).put(7),
    async check(cluster, name, fate) {
      const q = cluster.joinableQueue<number>(0, { name, redeliver: true });
      if (fate === 'undone') {
        assert.equal(await q.get(), 7);
        await q.taskDone();
      }
      await q.join();
      assert.equal(await q.qsize(), 0);
    },
  },
  'an acquire': {
    prepare: 'o.l = cluster.lock({ name }); await o.l.fence()',
    act: 'await o.l.acquire()',
    step: 'take',
    async check(cluster, name, fate) {
      await using held = await cluster.lock({ name }).guard();
      assert.equal(held.abandoned, fate !== 'undone');
    },
  },
  'a release': {
    prepare: 'o.l = cluster.lock({ name }); await o.l.acquire()',
    act: 'await o.l.release()',
    step: 'release',
    async check(cluster, name, fate) {
      await using held = await cluster.lock({ name }).guard();
      assert.equal(held.abandoned, fate === 'undone');
    },
  },
  'a unit of a semaphore': {
    prepare: 'o.s = cluster.boundedSemaphore(1, { name }); await o.s.getValue()',
    act: 'await o.s.acquire()',
    step: 'take',
    async check(cluster, name) {
      const semaphore = cluster.boundedSemaphore(1, { name });
      await semaphore.acquire();
      await semaphore.release();
      assert.equal(await semaphore.getValue(), 1);
    },
  },
  'a set of an event': {
    prepare: 'o.e = cluster.event({ name }); await o.e.isSet()',
    act: 'await o.e.set()',
    step: 'set',
    async check(cluster, name, fate) {
      assert.equal(await cluster.event({ name }).isSet(), fate !== 'undone');
    },
  },
  'an arrival at a barrier': {
    prepare: 'o.b = cluster.barrier(2, { name }); await o.b.nWaiting()',
    act: 'await o.b.wait()',
    step: 'arrive',
    meet: (cluster, name) => cluster.barrier(2, { name }).wait(),
    async check(cluster, name, fate) {
      const barrier = cluster.barrier(2, { name });
      if (fate === 'done') {
        // The victim has come: this may be the wait that fills the round, until it is known that the victim is dead.
        await barrier.wait().catch((error) => assert.ok(error instanceof BrokenBarrierError, String(error)));
        await until(() => barrier.broken());
        await barrier.reset();
      }
      const indices = await Promise.all([barrier.wait(), barrier.wait()]);
      assert.deepEqual(indices.sort(), [0, 1]);
    },
  },
  'a wait for a condition': {
    prepare: 'o.c = cluster.condition(cluster.lock({ name })); await o.c.acquire()',
    act: 'await o.c.wait(); await o.c.release()',
    step: 'await',
    async meet(cluster, name) {
      const condition = cluster.condition(cluster.lock({ name }));
      await condition.with(() => condition.notify());
    },
    async check(cluster, name) {
      const condition = cluster.condition(cluster.lock({ name }));
      await condition.acquire();
      const wait = condition.wait();
      await condition.acquire();
      // The one that is dead stands before it in the line.
      await condition.notify();
      await condition.release();
      assert.equal(await wait, true);
      await condition.release();
    },
  },
  'an entry of a dict': {
    prepare: 'o.d = cluster.dict([], { name }); await o.d.size()',
    act: "await o.d.set('k', 2)",
    step: 'set',
    async check(cluster, name, fate) {
      assert.equal(await cluster.dict<string, number>([], { name }).get('k'), fate === 'undone' ? undefined : 2);
    },
  },
  'an update of a value': {
    prepare: 'o.v = cluster.value(1, { name }); await o.v.get()',
    act: 'await o.v.update((n) => n + 1)',
    step: 'replace',
    async check(cluster, name, fate) {
      assert.equal(await cluster.value(1, { name }).get(), fate === 'undone' ? 1 : 2);
    },
  },
};

const cases = Object.keys(rows).flatMap((row) =>
  (['kill gateway', 'kill program', 'stop program', 'kill server'] as const).flatMap((act) =>
    (['before', 'after'] as const).map((side) => ({ row, act, side })),
  ),
);
const random = randomBelow(seed);
const asked = process.env.TEST_STEP;
const chosen = cases.filter(({ row, act, side }) => {
  const isChosen = isLong || random(cases.length) < 6;
  return asked === undefined ? isChosen : `${act} ${side} ${row}`.includes(asked);
});

describe(`kills and stops at the steps of an object (TEST_SEED=${seed})`, {
  skip,
  timeout: isLong ? 3_600_000 : 240_000,
}, async () => {
  if (skip) return;
  const redis = await new RedisServer('--appendonly', 'yes', '--appendfsync', 'always').start();
  const cluster = new Cluster({ url: redis.url, key, lease });
  after(async () => {
    await cluster.shutdown();
    await redis.remove();
  });

  for (const [n, { row, act, side }] of chosen.entries()) {
    test(`${act} ${side} ${row}: it is done as a whole or not at all, and what the victim had goes on`, async () => {
      const proxy = new StepProxy(redis.socket, `${redis.folder}/${n}`);
      using victim = new Program(proxy.url, lease);
      const name = `n${n}`;
      const { prepare, act: code, step, before, meet, check } = rows[row]!;
      try {
        await victim.run(`globalThis.name = '${name}'`);
        await before?.(cluster, name);
        await victim.run(prepare);
        let ended: Promise<void> | undefined;
        const pid = victim.child.pid!;
        const strike = () => {
          if (act === 'kill gateway') process.kill(childrenOf(pid)[0]!, 'SIGKILL');
          else if (act === 'kill program') victim.kill();
          else if (act === 'stop program') victim.stop();
          else ended = redis.end('SIGKILL');
        };
        const cuts = act === 'kill gateway' || act === 'kill program';
        const struck = proxy.at(objectStep(step), side, strike, { goesOn: !cuts });
        const run = victim.run(code).then(
          () => 'done',
          () => 'failed',
        );
        await struck;
        if (act === 'kill server') {
          await ended;
          await redis.start();
          const [end] = await Promise.all([run, meet?.(cluster, name)]);
          assert.equal(end, 'done');
          await victim.end();
          await check(cluster, name, 'lived');
          return;
        }
        await check(cluster, name, cuts && side === 'before' ? 'undone' : 'done');
        if (act === 'stop program') {
          await setTimeout(lease);
          process.kill(-pid, 'SIGCONT');
          await run;
          await victim.end();
        }
      } finally {
        await proxy.end();
      }
    });
  }
});
