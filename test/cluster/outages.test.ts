// The server is away, forgets everything, is full, or answers no more; hosts whose clocks differ, and a BullMQ that has fallen silent.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { appendFileSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { WorkerLostError } from 'multiproc';
import { ClusterError } from 'multiproc/cluster';
import { skip } from './redis-server.ts';
import { childrenOf, linesOf, noting, until } from './stage.ts';
import { Stages } from './stages.ts';
import { StepProxy, steps } from './step-proxy.ts';

const isLong = process.env.TEST_LONG === '1';
const withCode = (code: string) => (error: unknown) => error instanceof ClusterError && error.code === code;

describe('outages', { skip, timeout: 300_000 }, () => {
  const stages = new Stages();
  const begin = async (lease: number, ...options: string[]) => {
    const redis = await stages.newServer(...options);
    return { redis, stage: stages.at(redis.url, 'default', lease) };
  };

  // The lease is 10 s: at 15 s what runs has been ended, what waits is still there.
  for (const seconds of isLong ? [1, 6, 15] : [1, 6]) {
    test(`a server that is killed and away for ${seconds} s: its log keeps all tasks; what runs goes on below 0.8 lease`, async () => {
      const { redis, stage } = await begin(10_000, '--appendonly', 'yes');
      await stage.host({ slots: 2 });
      const pool = stage.pool();
      const [again, never, waits, go] = ['again', 'never', 'waits', 'go'].map((name) => stage.file(name)) as [
        string,
        string,
        string,
        string,
      ];
      const runsAgain = pool.apply(noting, [again, go], { retries: 1 });
      const runs = pool.apply(noting, [never, go]).catch((error: unknown) => error);
      await until(() => linesOf(again).length === 1 && linesOf(never).length === 1);
      const waiting = Array.from({ length: 10 }, () => pool.apply(noting, [waits, go]));
      await until(async () => (await redis.list('KEYS', '*:q:j12-1-1')).length === 1);
      await redis.end('SIGKILL');
      await setTimeout(seconds * 1000);
      await redis.start();
      appendFileSync(go, '');
      const isFenced = seconds > 8;
      assert.equal(typeof (await runsAgain), 'number');
      const end = await runs;
      assert.ok(isFenced ? end instanceof WorkerLostError : typeof end === 'number', String(end));
      assert.equal((await Promise.all(waiting)).length, 10);
      assert.deepEqual(
        [linesOf(again).length, linesOf(never).length, linesOf(waits).length],
        [isFenced ? 2 : 1, 1, 10],
      );
    });
  }

  for (const leases of isLong ? [1.3, 2.5, 8] : [1.3, 2.5]) {
    test(`a server that is away for ${leases} leases keeps the tasks that wait; what ran is ended`, async () => {
      const { redis, stage } = await begin(3000, '--appendonly', 'yes');
      await stage.host({ slots: 1 });
      const pool = stage.pool();
      const [never, waits, go] = [stage.file('never'), stage.file('waits'), stage.file('go')];
      const isLost = assert.rejects(pool.apply(noting, [never, go]), WorkerLostError);
      await until(() => linesOf(never).length === 1);
      const waiting = pool.apply(noting, [waits, go]);
      await until(async () => (await redis.list('KEYS', '*:q:j2-1-1')).length === 1);
      await redis.end('SIGKILL');
      await setTimeout(leases * stage.lease);
      await redis.start();
      // What ran was ended before. Its error may come after the result of the other task, which can have the slot first.
      appendFileSync(go, '');
      await isLost;
      assert.equal(typeof (await waiting), 'number');
      assert.deepEqual([linesOf(never).length, linesOf(waits).length], [1, 1]);
    });
  }

  test('after FLUSHALL what may run again does, the rest rejects with ERR_DATA_LOST, and later tasks run', async () => {
    const { redis, stage } = await begin(2000);
    await stage.host({ slots: 2 });
    const pool = stage.pool();
    const [again, never, go] = [stage.file('again'), stage.file('never'), stage.file('go')];
    const runsAgain = pool.apply(noting, [again, go], { retries: 1 });
    const isLost = assert.rejects(pool.apply(noting, [never, go]), withCode('ERR_DATA_LOST'));
    await until(() => linesOf(again).length === 1 && linesOf(never).length === 1);
    await redis.command('FLUSHALL');
    await isLost;
    appendFileSync(go, '');
    assert.equal(typeof (await runsAgain), 'number');
    assert.equal(linesOf(never).length, 1);
    assert.equal(await pool.apply((x: number) => x + 1, [1]), 2);
    await using cluster = stage.clusterOf();
    await until(async () => (await cluster.hosts()).length === 1);
  });

  test('a pool that the server has lost, and that is put up again, sends no job before its functions are there', async () => {
    const { redis, stage } = await begin(2000);
    const proxy = new StepProxy(redis.socket, stage.file('front'));
    stages.onEnd(() => proxy.end());
    const lost = await stage.host();
    const pool = stage.pool({ cluster: { url: proxy.url } });
    const [file, go] = [stage.file('runs'), stage.file('go')];
    const runs = pool.apply(noting, [file, go], { retries: 1 });
    await until(() => linesOf(file).length === 1);
    process.kill(childrenOf(lost.child.pid!)[0]!, 'SIGKILL');
    await once(lost.child, 'exit');
    const uploading = proxy.at(steps.upload, 'before', () => {});
    await redis.command('FLUSHALL');
    // The gateway connects anew, and looks for its tasks while it puts up the pool.
    proxy.mend();
    await uploading;
    // It has not seen the function yet.
    await stage.host();
    await setTimeout(stage.lease / 2);
    proxy.mend();
    appendFileSync(go, '');
    assert.equal(typeof (await runs), 'number');
    assert.equal(linesOf(file).length, 2);
  });

  test('a full server: submits reject with ERR_FULL, what runs goes on beyond its lease and its results arrive; with room tasks run again', async () => {
    const { redis, stage } = await begin(1500);
    await stage.host({ slots: 2 });
    const pool = stage.pool();
    const [file, go] = [stage.file('runs'), stage.file('go')];
    const running = [pool.apply(noting, [file, go]), pool.apply(noting, [file, go])];
    await until(() => linesOf(file).length === 2);
    await redis.command('CONFIG', 'SET', 'maxmemory', '1');
    const fresh = stage.pool();
    for (const one of [pool, fresh])
      await assert.rejects(
        one.apply((x: number) => x, [1]),
        withCode('ERR_FULL'),
      );
    await using cluster = stage.clusterOf();
    await setTimeout(2 * stage.lease);
    assert.deepEqual(
      (await cluster.hosts()).map(({ running }) => running),
      [2],
    );
    appendFileSync(go, '');
    assert.equal((await Promise.all(running)).length, 2);
    assert.equal(linesOf(file).length, 2);
    await assert.rejects(
      pool.apply((x: number) => x - 1, [1]),
      withCode('ERR_FULL'),
    );
    await redis.command('CONFIG', 'SET', 'maxmemory', '0');
    assert.equal(await pool.apply((x: number) => x - 1, [1]), 0);
    assert.equal(await fresh.apply((x: number) => x * 5, [1]), 5);
  });

  test('a pool that a full server has lost is put up again: what runs goes on, and its result arrives', async () => {
    const { redis, stage } = await begin(1500);
    await stage.host();
    const pool = stage.pool();
    const [file, go] = [stage.file('runs'), stage.file('go')];
    const running = pool.apply(noting, [file, go]);
    await until(() => linesOf(file).length === 1);
    await redis.command('CONFIG', 'SET', 'maxmemory', '1');
    await redis.command('DEL', String((await redis.list('KEYS', '*}:o'))[0]));
    // A host would take the program for dead after one lease.
    await setTimeout(3 * stage.lease);
    appendFileSync(go, '');
    assert.equal(typeof (await running), 'number');
    await redis.command('CONFIG', 'SET', 'maxmemory', '0');
    assert.equal(await pool.apply((x: number) => x + 1, [1]), 2);
  });

  test('a network that drops everything and closes nothing: hosts and programs connect anew by themselves', async () => {
    const { redis, stage } = await begin(2000);
    const [front, back] = [
      new StepProxy(redis.socket, stage.file('front')),
      new StepProxy(redis.socket, stage.file('back')),
    ];
    for (const proxy of [front, back]) stages.onEnd(() => proxy.end());
    await stage.host({ url: back.url });
    const pool = stage.pool({ cluster: { url: front.url } });
    assert.equal(await pool.apply((x: number) => x + 1, [1]), 2);
    for (const proxy of [front, back]) proxy.swallow();
    // The host may have claimed it by the connection whose replies are lost: then it may have started once.
    const later = pool.apply((x: number) => x + 2, [1], { retries: 1 });
    assert.equal(await later, 3);
  });

  test('while the server is away a pool can end, and a host that is told to stop ends after its grace', async () => {
    const { redis, stage } = await begin(2000);
    const { child } = await stage.host({ args: ['--grace', '300ms'] });
    const pool = stage.pool();
    const [file, never] = [stage.file('runs'), stage.file('never')];
    const ended = assert.rejects(pool.apply(noting, [file, never]));
    await until(() => linesOf(file).length === 1);
    await redis.end('SIGKILL');
    child.kill('SIGTERM');
    await once(child, 'exit');
    pool.terminate();
    await ended;
    await pool.join();
  });

  test('hosts whose clocks are wrong by hours run tasks once, with retries and priorities, and are not lost', async () => {
    const { redis, stage } = await begin(1500);
    const shift = (hours: number) => {
      const file = stage.file(`shift${hours}.cjs`);
      writeFileSync(
        file,
        `const { now } = Date; Date.now = () => now() + ${hours} * 3600000;
         globalThis.Date = new Proxy(Date, { construct: (Real, args) => args.length === 0 ? new Real(Date.now()) : new Real(...args) });`,
      );
      return ['--import', file];
    };
    await stage.host({ args: shift(-3) });
    await stage.host({ args: shift(5) });
    const pool = stage.pool();
    const [file, tries, go] = [stage.file('runs'), stage.file('tries'), stage.file('go')];
    const hour = (to: string) => {
      process.getBuiltinModule('node:fs').appendFileSync(to, '\n');
      if (process.getBuiltinModule('node:fs').readFileSync(to, 'utf8').length < 3) throw new Error('again');
      return Date.now();
    };
    const shifted = (await pool.apply(hour, [tries], { retries: 2 })) - Date.now();
    assert.ok(Math.abs(shifted) > 3_000_000, String(shifted));
    assert.equal(linesOf(tries).length, 3);
    const running = [pool.apply(noting, [file, go]), pool.apply(noting, [file, go])];
    await until(() => linesOf(file).length === 2);
    await setTimeout(3 * stage.lease);
    appendFileSync(go, '');
    await Promise.all(running);
    assert.equal(linesOf(file).length, 2);
    await using cluster = stage.clusterOf();
    const { tasks } = await cluster.stats();
    assert.deepEqual([tasks.lost, redis.url], [0, stage.url]);
  });

  for (const lasts of [false, true]) {
    test(`BullMQ gives no jobs although they wait: its worker is opened anew${lasts ? ', and if that does not help the host ends with 1' : ''}`, async () => {
      const { redis, stage } = await begin(1500);
      const host = await stage.host();
      const pool = stage.pool();
      assert.equal(await pool.apply((x: number) => x + 1, [1]), 2);
      const [meta] = (await redis.list('KEYS', '*:q:meta')).map(String);
      const limiter = meta!.replace(/meta$/, 'limiter');
      // BullMQ takes this for a limit of its rate, and gives no job for an hour.
      await redis.command('HSET', meta!, 'max', '1', 'duration', '3600000');
      await redis.command('SET', limiter, '5', 'PX', '3600000');
      const later = pool.apply((x: number) => x + 2, [1]).catch((error: unknown) => error);
      if (lasts) {
        assert.deepEqual(await once(host.child, 'exit'), [1, null]);
        assert.match(host.said(), /this host ends/);
        return;
      }
      const isOpenedAnew = /jobs of pool \w+ wait, a slot is free, and BullMQ gives none: its worker was opened anew/;
      await until(() => isOpenedAnew.test(host.said()));
      await redis.command('HDEL', meta!, 'max', 'duration');
      await redis.command('DEL', limiter);
      assert.equal(await later, 3);
    });
  }
});
