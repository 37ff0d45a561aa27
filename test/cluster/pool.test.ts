// A pool over a cluster is what all others are: the suite of contracts/ over a real server and a real host.
import { after, test } from 'node:test';
import { Pool } from 'multiproc';
import { startWorker } from 'multiproc/cluster';
import { poolSuite } from '../contracts/pool-suite.ts';
import { key } from './program.ts';
import { RedisServer, skip } from './redis-server.ts';

if (skip) test('a pool over a cluster', { skip });
else {
  const server = await new RedisServer().start();
  const cluster = { url: server.url, key, lease: 20_000 };
  const worker = await startWorker({ ...cluster, slots: 2 });
  after(async () => {
    await worker.drain();
    await server.remove();
  });
  const noQueue = 'a Queue of a family is refused as an argument: tasks.test.ts has the same with files';
  poolSuite(
    'Pool with cluster',
    (options) => new Pool({ ...(typeof options === 'number' ? { processes: options } : options), cluster } as never),
    {
      'options that make no sense reject, and run nothing': noQueue,
      'a task that throws runs again as often as it may': noQueue,
      'an abort ends just its task, with the reason': noQueue,
      'of the tasks that wait the one with the highest priority goes first': noQueue,
      'stats counts workers and tasks': 'workers are the slots of the hosts, which the pool does not start',
    },
  );
}
