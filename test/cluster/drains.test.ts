// Hosts that are told to stop: under load, one after the other (TEST_LONG has 200 of them), and as they claim a job.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { RedisServer, skip } from './redis-server.ts';
import { linesOf, Stage, until } from './stage.ts';
import { opensJobs, StepProxy, steps } from './step-proxy.ts';

const isLong = process.env.TEST_LONG === '1';
const drains = Number(process.env.TEST_DRAINS ?? (isLong ? 200 : 3));

test(`${drains} drains under load: no task is lost, none fails and none runs twice`, {
  skip,
  timeout: isLong ? 7_000_000 : 120_000,
}, async () => {
  const redis = await new RedisServer().start();
  // Nobody dies: nobody is to be taken for dead, however busy the machine is.
  const stage = new Stage(redis.url, 'default', 10_000);
  try {
    const file = stage.file('runs');
    const note = async (n: number, to: string) => {
      await new Promise((resolve) => globalThis.setTimeout(resolve, (n % 7) * 10));
      process.getBuiltinModule('node:fs').appendFileSync(to, `${n}\n`);
      return n;
    };
    const [one, two] = [stage.pool(), stage.pool()];
    let isOver = false;
    let count = 0;
    /** Keeps both pools busy, with single tasks and with a map whose small chunks wait. */
    const load = async () => {
      while (!isOver) {
        const from = count;
        count += 40;
        const numbers = Array.from({ length: 40 }, (_, i) => from + i);
        const [single, mapped] = [numbers.slice(0, 20), numbers.slice(20)];
        const found = await Promise.all([
          ...single.map((n) => one.apply(note, [n, file], { retries: n % 2 })),
          two.starmap(
            note,
            mapped.map((n) => [n, file] as const),
            { chunksize: 3 },
          ),
        ]);
        assert.deepEqual(found.flat(), numbers);
      }
    };
    let current = await stage.host({ slots: 2 });
    const loads = Promise.all([load(), load(), load()]);
    loads.catch(() => {});
    for (let n = 0; n < drains; n++) {
      const next = await stage.host({ slots: 2 });
      current.child.kill('SIGTERM');
      assert.deepEqual(await once(current.child, 'exit'), [0, null]);
      current = next;
    }
    isOver = true;
    await loads;
    const ran = linesOf(file)
      .map(Number)
      .sort((a, b) => a - b);
    assert.deepEqual(
      ran,
      Array.from({ length: count }, (_, n) => n),
    );
    console.log(`${drains} drains, ${count} tasks`);
  } finally {
    await stage.end();
    await redis.remove();
  }
});

test('a host that is told to stop while it claims a job gives the job back, though that may start once', {
  skip,
  timeout: 60_000,
}, async () => {
  const redis = await new RedisServer().start();
  const stage = new Stage(redis.url, 'default');
  const proxy = new StepProxy(redis.socket, stage.file('proxy'));
  try {
    const coming = stage.pool().apply(() => 'ran', [], { retries: 0 });
    await until(async () => (await redis.list('KEYS', 'mp:*:t')).length > 0);
    let client: Socket | undefined;
    const opening = proxy.at(
      opensJobs,
      'after',
      (socket) => {
        client = socket;
        socket.cork();
      },
      { goesOn: true },
    );
    const { child } = await stage.host({ url: proxy.url });
    await opening;
    const isDraining = proxy.at(steps.sayDraining, 'before', () => {}, { goesOn: true });
    child.kill('SIGTERM');
    await isDraining;
    // Only now the host can claim.
    client!.uncork();
    assert.deepEqual(await once(child, 'exit'), [0, null]);
    await stage.host();
    assert.equal(await coming, 'ran');
  } finally {
    await stage.end();
    await proxy.end();
    await redis.remove();
  }
});
