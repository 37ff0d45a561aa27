// Programs of one cluster with leases of different lengths.
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { skip } from './redis-server.ts';
import { linesOf, noting, until } from './stage.ts';
import { Stages } from './stages.ts';
import { StepProxy } from './step-proxy.ts';

const lease = 3000;
const short = 300;
const long = 20_000;
const anything = () => true;
const inc = (x: number) => x + 1;

describe('leases of different lengths', { skip, timeout: 120_000 }, () => {
  const stages = new Stages(lease);

  test('a server that answers some hundred milliseconds late does not keep a host from finding a program dead, although another has a short lease', async ({
    signal,
  }) => {
    const redis = await stages.newServer();
    const stage = stages.at(redis.url);
    await stage.host();
    const pool = stage.pool({ cluster: { lease: short } });
    // On a busy machine so short a lease may pass while the first worker starts.
    assert.equal(await pool.apply(inc, [1], { retries: 20 }), 2);
    // Enrolled, and silent.
    await redis.command('SADD', 'mp:default:pools', 'dead');
    while (!signal.aborted && (await redis.command('SISMEMBER', 'mp:default:pools', 'dead')) === ':1') {
      redis.pause();
      await setTimeout(short / 2);
      redis.resume();
      await setTimeout(short);
    }
  });

  test('when the last program with a short lease has ended, a host asks the server for the time as seldom as before', async () => {
    const redis = await stages.newServer();
    const stage = stages.at(redis.url);
    await stage.host();
    const pool = stage.pool({ cluster: { lease: short } });
    // On a busy machine so short a lease may pass while the first worker starts.
    assert.equal(await pool.apply(inc, [1], { retries: 20 }), 2);
    pool.close();
    await pool.join();
    const asked = async () => Number(/cmdstat_time:calls=(\d+)/.exec(await redis.command('INFO', 'commandstats'))?.[1]);
    await until(async () => {
      const before = await asked();
      await setTimeout(lease);
      return (await asked()) - before < lease / short + 5;
    });
  });

  for (const isKnown of [true, false]) {
    test(`a host with a short lease that ${isKnown ? 'refuses a pool' : 'begins when a pool is gone'} waits for a whole lease of the pool before its program counts as dead`, async () => {
      const redis = await stages.newServer();
      const stage = stages.at(redis.url, 'default', long);
      const toProgram = new StepProxy(redis.socket, stage.file('to-program'));
      stages.onEnd(() => toProgram.end());
      await stage.host({ args: ['--label', 'gpu'] });
      if (isKnown) await stage.host({ args: ['--lease', `${short}ms`] });
      const pool = stage.pool({ where: ['gpu'], cluster: { url: toProgram.url } });
      const [runs, waits, go] = [stage.file('runs'), stage.file('waits'), stage.file('go')];
      const running = pool.apply(noting, [runs, go]);
      await until(() => linesOf(runs).length === 1);
      const waiting = pool.apply(noting, [waits, go]);
      await until(async () => (await redis.list('KEYS', '*:q:j2-1-1')).length === 1);
      await toProgram.at(anything, 'before', () => {});
      // As after a standstill of the server: the pool is gone, and the program has not spoken yet.
      await redis.command('DEL', String((await redis.list('KEYS', '*}:o'))[0]));
      if (!isKnown) await stage.host({ args: ['--lease', `${short}ms`] });
      await setTimeout(8 * short);
      toProgram.mend();
      appendFileSync(go, '');
      assert.equal(typeof (await running), 'number');
      assert.equal(typeof (await waiting), 'number');
      assert.deepEqual([linesOf(runs).length, linesOf(waits).length], [1, 1]);
    });
  }

  test('a program with a short lease waits after an outage for a host with a long one, before its tasks count as refused by all', async () => {
    const redis = await stages.newServer();
    const stage = stages.at(redis.url, 'default', long);
    const toServing = new StepProxy(redis.socket, stage.file('to-serving'));
    stages.onEnd(() => toServing.end());
    await stage.host();
    const serving = await stage.host({ url: toServing.url, args: ['--label', 'gpu'] });
    const pool = stage.pool({ where: ['gpu'], cluster: { lease: short } });
    assert.equal(await pool.apply(inc, [1]), 2);
    await toServing.at(anything, 'before', () => {});
    await redis.command('DEL', `mp:default:h:${serving.id}`);
    redis.pause();
    await setTimeout(2 * short);
    redis.resume();
    // The program looks for hosts every two seconds at most.
    await setTimeout(2100);
    const later = pool.apply((x: number) => x + 2, [1]).catch((error: unknown) => error);
    await setTimeout(4 * short);
    toServing.mend();
    assert.equal(await later, 3);
  });
});
