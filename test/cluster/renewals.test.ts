// What a gateway hears when it says that it lives is about the holds of that moment.
import { test } from 'node:test';
import { Gateway } from '#dist/cluster/gateway.js';
import { makeClusterObject } from '#dist/cluster/make-cluster-object.js';
import type { ClusterServedLock } from '#dist/cluster/served/cluster-lock.js';
import { readSettings } from '#dist/cluster/settings.js';
import { Caller } from '#dist/managers/caller.js';
import type { Client } from '#dist/managers/client.js';
import { key } from './program.ts';
import { RedisServer, skip } from './redis-server.ts';

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
