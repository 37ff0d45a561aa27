// Programs of one cluster with leases of different lengths.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { skip } from './redis-server.ts';
import { until } from './stage.ts';
import { Stages } from './stages.ts';

const lease = 3000;
const short = 300;
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
    assert.equal(await pool.apply(inc, [1]), 2);
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
    assert.equal(await pool.apply(inc, [1]), 2);
    pool.close();
    await pool.join();
    const asked = async () => Number(/cmdstat_time:calls=(\d+)/.exec(await redis.command('INFO', 'commandstats'))?.[1]);
    await until(async () => {
      const before = await asked();
      await setTimeout(lease);
      return (await asked()) - before < lease / short + 5;
    });
  });
});
