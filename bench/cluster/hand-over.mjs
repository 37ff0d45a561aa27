// A lock that goes from one program to another: `node hand-over.mjs <multiproc|redis-semaphore> <socket> <rounds>` prints the p50 in ms, from the
// call of release() to the end of acquire() in the other program, which waits already. Not compiled: redis-semaphore is one of bench/'s own packages.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

const [, file, name, path, rounds, role] = process.argv;

/** Milliseconds after which the other program waits; a part of it is random, so that it meets every moment between two looks of one that polls. */
const SETTLED = 20;
const SPREAD = 20;

async function lockOf() {
  if (name === 'multiproc') {
    const { Cluster } = await import('multiproc/cluster');
    const cluster = new Cluster({ url: `unix:${path}`, key: 'a key of the benchmark', namespace: 'hand-over' });
    const lock = cluster.lock({ name: 'handed over' });
    return { acquire: () => lock.acquire(), release: () => lock.release(), end: () => cluster.shutdown() };
  }
  const [{ Mutex }, { Redis }] = await Promise.all([import('redis-semaphore'), import('ioredis')]);
  const redis = new Redis({ path });
  const mutex = new Mutex(redis, 'handed over', { lockTimeout: 10_000 });
  return { acquire: () => mutex.acquire(), release: () => mutex.release(), end: () => redis.disconnect() };
}

const now = () => performance.timeOrigin + performance.now();
const lock = await lockOf();

if (role === 'other') {
  process.on('message', async (word) => {
    if (word === 'end') {
      await lock.end();
      process.exit();
    }
    await lock.acquire();
    const at = now();
    await lock.release();
    process.send(at);
  });
  process.send('ready');
} else {
  const other = fork(file, [name, path, rounds, 'other']);
  await once(other, 'message');
  const times = [];
  for (let i = 0; i < Number(rounds); i++) {
    await lock.acquire();
    other.send('wait');
    await sleep(SETTLED + SPREAD * Math.random());
    const from = now();
    await lock.release();
    const [at] = await once(other, 'message');
    times.push(at - from);
  }
  other.send('end');
  await once(other, 'exit');
  await lock.end();
  console.log(JSON.stringify([times.sort((a, b) => a - b)[times.length >> 1]]));
  process.exit();
}
