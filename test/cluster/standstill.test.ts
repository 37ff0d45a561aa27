// The server stands still, or a part of the cluster hears of it later than another: who has not spoken yet is not dead.
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { BrokenBarrierError, WorkerLostError } from 'multiproc';
import { skip } from './redis-server.ts';
import { linesOf, noting, until } from './stage.ts';
import { Stages } from './stages.ts';
import { type Step, StepProxy, steps } from './step-proxy.ts';

/** Shorter than the silence after which a connection is made anew: who has waited for an answer sees no other sign of a standstill. */
const lease = 3000;
/** A host looks whether the program of a pool has spoken. */
const looksForProgram: Step = (words) => /^exists$/i.test(words[0]!) && words[1]!.endsWith('}:o');

describe('a server that stands still', { skip, timeout: 300_000 }, () => {
  const stages = new Stages();
  const begin = async () => {
    const redis = await stages.newServer();
    const stage = stages.at(redis.url, 'default', lease);
    const proxy = (name: string) => {
      const made = new StepProxy(redis.socket, stage.file(name));
      stages.onEnd(() => made.end());
      return made;
    };
    return { redis, stage, proxy };
  };

  test('a server that stood still for longer than the lease, and answers a host before the program: what waits runs', async () => {
    const { redis, stage, proxy } = await begin();
    const [toHost, toProgram] = [proxy('to-host'), proxy('to-program')];
    await stage.host({ url: toHost.url });
    const pool = stage.pool({ cluster: { url: toProgram.url } });
    const [never, waits, go] = [stage.file('never'), stage.file('waits'), stage.file('go')];
    const running = pool.apply(noting, [never, go]).catch((error: unknown) => error);
    await until(() => linesOf(never).length === 1);
    const waiting = pool.apply(noting, [waits, go]);
    await until(async () => (await redis.list('KEYS', '*:q:j2-1-1')).length === 1);
    await toProgram.at(steps.keep, 'before', () => redis.pause());
    await setTimeout(1.1 * lease);
    const looked = toHost.at(looksForProgram, 'after', () => {}, { goesOn: true, answer: ':0' });
    redis.resume();
    await looked;
    // The program comes a part of the lease later.
    await setTimeout(lease / 3);
    toProgram.mend();
    appendFileSync(go, '');
    assert.equal(typeof (await waiting), 'number');
    // After 0.8 of the lease the host has ended what ran.
    const end = await running;
    assert.ok(end instanceof WorkerLostError, String(end));
    assert.equal(await pool.apply((x: number) => x + 1, [1]), 2);
    assert.deepEqual([linesOf(never).length, linesOf(waits).length], [1, 1]);
  });

  test('a server that stood still for longer than two leases, and hears first of a host that refuses the pool: its tasks wait for the other host', async () => {
    const { redis, stage, proxy } = await begin();
    const [toRefusing, toServing] = [proxy('to-refusing'), proxy('to-serving')];
    await stage.host({ url: toRefusing.url });
    await stage.host({ url: toServing.url, args: ['--label', 'gpu'] });
    const pool = stage.pool({ where: ['gpu'] });
    assert.equal(await pool.apply((x: number) => x + 1, [1]), 2);
    await toServing.at(steps.say, 'before', () => redis.pause());
    await setTimeout(2.2 * lease);
    const said = toRefusing.at(steps.say, 'after', () => {}, { goesOn: true });
    redis.resume();
    await said;
    // The program looks for hosts every two seconds at most.
    await setTimeout(2100);
    const later = pool.apply((x: number) => x + 2, [1]).catch((error: unknown) => error);
    await setTimeout(500);
    toServing.mend();
    assert.equal(await later, 3);
  });

  test('a host whose claim was answered so late that it may not begin the task gives the start back', async () => {
    const { stage, proxy } = await begin();
    const toHost = proxy('to-host');
    await stage.host({ url: toHost.url });
    const pool = stage.pool();
    assert.equal(await pool.apply((x: number) => x + 1, [1]), 2);
    const claims = toHost.at(steps.claim, 'before', () => {});
    const later = pool.apply((x: number) => x + 2, [1]).catch((error: unknown) => error);
    await claims;
    await setTimeout(0.9 * lease);
    toHost.mend();
    assert.equal(await later, 3);
  });

  test('a result that comes while the program is silent stays as long as the tasks do', async () => {
    const { redis, stage, proxy } = await begin();
    const toProgram = proxy('to-program');
    await stage.host();
    const pool = stage.pool({ cluster: { url: toProgram.url } });
    const [file, go] = [stage.file('runs'), stage.file('go')];
    const running = pool.apply(noting, [file, go]);
    await until(() => linesOf(file).length === 1);
    await toProgram.at(steps.keep, 'before', () => {});
    const [notice] = (await redis.list('KEYS', '*}:o')).map(String);
    const results = notice!.replace(/o$/, 'r');
    // Its time is nearly over when the result comes.
    await redis.command('PEXPIRE', notice!, '200');
    appendFileSync(go, '');
    await until(async () => (await redis.command('EXISTS', results)) === ':1');
    assert.ok(Number((await redis.command('PTTL', results)).slice(1)) > lease);
    toProgram.mend();
    assert.equal(typeof (await running), 'number');
  });

  test('objects of a server that stood still for longer than the lease: items in hand are back, a barrier is broken, one without a name is gone', async () => {
    const { redis, stage } = await begin();
    await using cluster = stage.clusterOf();
    const jobs = cluster.joinableQueue(0, { name: 'jobs', redeliver: true });
    await jobs.put(1);
    assert.equal(await jobs.get(), 1);
    const unnamed = cluster.queue();
    await unnamed.put(1);
    const barrier = cluster.barrier(2, { name: 'start' });
    const broken = assert.rejects(barrier.wait(), BrokenBarrierError);
    await until(async () => (await barrier.nWaiting()) === 1);
    redis.pause();
    await setTimeout(1.2 * lease);
    redis.resume();
    await broken;
    assert.equal(await jobs.get(), 1);
    await assert.rejects(unnamed.qsize(), { code: 'ERR_DATA_LOST' });
  });
});
