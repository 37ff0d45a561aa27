// A gateway says that it lives: in time, whatever else takes long, and what it hears is about the holds of that moment.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { Cluster } from 'multiproc/cluster';
import { Gateway } from '#dist/cluster/gateway.js';
import { makeClusterObject } from '#dist/cluster/make-cluster-object.js';
import type { ClusterServedLock } from '#dist/cluster/served/cluster-lock.js';
import { readSettings } from '#dist/cluster/settings.js';
import { Renewals } from '#dist/cluster/tasks/renewals.js';
import { Caller } from '#dist/managers/caller.js';
import type { Client } from '#dist/managers/client.js';
import { key } from './program.ts';
import { RedisServer, skip } from './redis-server.ts';
import { objectStep, StepProxy } from './step-proxy.ts';

const client: Client = {
  hasEnded: false,
  isDead: false,
  isNear: true,
  onEnd: () => () => {},
  give: () => {},
  takeBack: () => {},
};

test('a renewal that was sent before a lock was taken says nothing of that hold, though both are heard of at once', {
  skip,
  timeout: 60_000,
}, async () => {
  const redis = await new RedisServer().start();
  const gateway = new Gateway(readSettings({ url: redis.url, key, lease: 20_000 }));
  try {
    const find = () => {
      throw new Error('A lock asks for no other object.');
    };
    for (let n = 0; n < 20; n++) {
      const whose = { unnamed: n.toString(16).padStart(32, '0') };
      const lock = makeClusterObject(gateway, find, 'lock', [whose]) as ClusterServedLock;
      // The lock is being made on the server: both steps go there as soon as it is.
      const renewal = lock.object.renew();
      await lock.call('take', [1], new Caller(client));
      await renewal;
      await lock.call('release', [], new Caller(client));
      lock.dispose!();
    }
  } finally {
    await gateway.redis.close();
    await redis.remove();
  }
});

test('the lease of a pool is renewed in time, also while what else is kept of it takes long, fails or hangs', async () => {
  const told: boolean[] = [];
  const ends: ((isWell: boolean) => void)[] = [];
  let [kept, isThere] = [0, true];
  const renewals = new Renewals(
    async () => {
      kept++;
      return isThere;
    },
    (hasLost) => {
      told.push(hasLost);
      return new Promise((resolve, reject) => ends.push((isWell) => (isWell ? resolve() : reject(new Error('full')))));
    },
  );
  const end = async (isWell: boolean) => {
    ends.shift()!(isWell);
    await setImmediate();
  };
  for (let n = 0; n < 3; n++) await renewals.renew();
  isThere = false;
  await renewals.renew();
  isThere = true;
  assert.deepEqual([kept, told], [4, [false]]);
  // What was found meanwhile is not forgotten, and neither is what could not be mended.
  await end(true);
  await renewals.renew();
  await end(false);
  await renewals.renew();
  await end(true);
  await renewals.renew();
  assert.deepEqual([kept, told], [7, [false, true, true, false]]);
  await end(true);
  await renewals.settled();
});

test('a lock outlives an outage that is shorter than 0.8 of the lease, whenever the outage begins', {
  skip,
  timeout: 120_000,
}, async () => {
  const redis = await new RedisServer().start();
  const proxy = new StepProxy(redis.socket, `${redis.folder}/proxy`);
  const lease = 16_000;
  const cluster = new Cluster({ url: proxy.url, key, lease });
  try {
    const lock = cluster.lock({ name: 'kept' });
    await using held = await lock.guard();
    // No later renewal is on its way when the connection is cut, and none is due before the lease is over.
    await proxy.at(objectStep('renew'), 'after', () => void setImmediate().then(() => proxy.refuse()), {
      goesOn: true,
    });
    await setTimeout(0.69 * lease);
    proxy.mend();
    await setTimeout(0.2 * lease);
    assert.equal(held.lost.aborted, false);
  } finally {
    await cluster.shutdown();
    await proxy.end();
    await redis.remove();
  }
});
