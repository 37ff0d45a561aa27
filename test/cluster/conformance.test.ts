// The queues and locks of a cluster are what all others are: the suites of contracts/ over a real server.
import { after, test } from 'node:test';
import { Cluster } from 'multiproc/cluster';
import { coordinationSuite } from '../contracts/coordination-suite.ts';
import { lockSuite, releaseSuite } from '../contracts/lock-suite.ts';
import { queueSuite } from '../contracts/queue-suite.ts';
import { key } from './program.ts';
import { RedisServer, skip } from './redis-server.ts';

if (skip) test('the cluster as queues and locks', { skip });
else {
  const server = await new RedisServer().start();
  const cluster = new Cluster({ url: server.url, key });
  after(async () => {
    await cluster.shutdown();
    await server.remove();
  });
  queueSuite('queue of a Cluster', (maxsize) => cluster.queue(maxsize));
  queueSuite('joinableQueue of a Cluster', (maxsize) => cluster.joinableQueue(maxsize));
  queueSuite('joinableQueue of a Cluster that redelivers', (maxsize) =>
    cluster.joinableQueue(maxsize, { redeliver: true }),
  );
  lockSuite('cluster.lock()', () => cluster.lock());
  releaseSuite('cluster.lock()', () => cluster.lock());
  lockSuite('cluster.rlock()', () => cluster.rlock());
  releaseSuite('cluster.rlock()', () => cluster.rlock());
  lockSuite('cluster.condition()', () => cluster.condition());
  coordinationSuite('a Cluster', () => cluster);
  lockSuite('cluster.semaphore(1)', () => cluster.semaphore(1));
  lockSuite('cluster.boundedSemaphore(1)', () => cluster.boundedSemaphore(1));
  releaseSuite('cluster.boundedSemaphore(1)', () => cluster.boundedSemaphore(1));
}
