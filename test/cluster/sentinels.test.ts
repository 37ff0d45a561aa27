// A master with a replica that sentinels watch: the master dies, a sentinel falls silent, and news comes at a bad time.
import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { after, describe, test } from 'node:test';
import { Cluster, ClusterError, type ClusterOptions } from 'multiproc/cluster';
import { freePorts } from './free-ports.ts';
import { key } from './program.ts';
import { skip } from './redis-server.ts';
import { Commands } from './redis-words.ts';
import { until } from './stage.ts';
import { StepProxy } from './step-proxy.ts';
import { WatchedMaster } from './watched-master.ts';

/** Milliseconds after which a sentinel takes a master for down: soon, or not within a test. */
const [SOON, NOT_YET] = [3000, 600_000];

describe('a master that sentinels watch', { skip, timeout: 180_000 }, () => {
  const ends: (() => unknown)[] = [];
  after(async () => {
    for (const end of ends.reverse()) await end();
  });
  const open = (options: ClusterOptions) => {
    const one = new Cluster({ key, ...options });
    ends.push(() => one.shutdown());
    return one;
  };
  const start = (sentinels: number, downAfter: number) => {
    const watched = new WatchedMaster();
    ends.push(() => watched.remove());
    return watched.start(sentinels, downAfter);
  };

  test('the master is killed, the replica takes its place, waits and holds go on', async () => {
    const watched = await start(1, SOON);
    await watched.explain(async () => {
      await assert.rejects(open({ url: watched.replicaUrl, connectTimeout: 300 }).queue().put(1), {
        code: 'ERR_UNREACHABLE',
        message: /a replica/,
      });
      const cluster = open({ url: watched.url(), replicas: 1, connectTimeout: 3000, lease: 120_000 });
      const queue = cluster.queue<number>();
      const lock = cluster.lock();
      const held = await lock.guard();
      await queue.put(1);
      assert.equal(await queue.get(), 1);
      const wait = queue.get();
      await watched.copied();
      await watched.master.end('SIGKILL');
      await queue.put(2);
      assert.equal(await wait, 2);
      assert.equal(await lock.fence(), held.fence);
      assert.equal(held.lost.aborted, false);
      await held[Symbol.asyncDispose]();
      // Nobody is there to have a copy.
      await assert.rejects(
        lock.acquire(),
        (error: ClusterError) => error instanceof ClusterError && error.code === 'ERR_UNREACHABLE',
      );
      assert.equal(await lock.locked(), false);
    });
  });

  test('a program that is told of the new master just while it asks for it finds it', async () => {
    const watched = await start(1, NOT_YET);
    await watched.explain(async () => {
      const [sentinel] = watched.sentinels;
      const [port] = (await freePorts(1)) as [number];
      const proxy = new StepProxy(sentinel!.socket, port);
      ends.push(() => proxy.end());
      const listeners = async () => (await sentinel!.command('CLIENT', 'LIST')).match(/ sub=1 .*resp=/g)?.length ?? 0;
      const queue = open({ url: watched.url([port]), connectTimeout: 60_000, lease: 120_000 }).queue<number>();
      await queue.put(1);
      // Both connections have somebody who listens to the sentinel.
      await until(async () => (await listeners()) === 2);
      await watched.copied();
      const asking: Socket[] = [];
      let isHolding = true;
      const hold = (): void =>
        void proxy.at(
          (words) => isHolding && words[1] === 'get-master-addr-by-name',
          'after',
          (program) => {
            // It keeps what the sentinel says.
            program.cork();
            asking.push(program);
            hold();
          },
          { goesOn: true },
        );
      hold();
      await watched.master.end('SIGKILL');
      await until(() => asking.length === 2);
      await watched.failOver();
      // Who was told does not listen any more.
      await until(async () => (await listeners()) === 0);
      isHolding = false;
      for (const program of asking) program.uncork();
      await queue.put(2);
      assert.deepEqual([await queue.get(), await queue.get()], [1, 2]);
    });
  });

  test('a sentinel that names a port that cannot be: the error says so', async () => {
    const answers: Record<string, string> = {
      'get-master-addr-by-name': '*2\r\n$9\r\n127.0.0.1\r\n$5\r\n99999\r\n',
      sentinels: '*0\r\n',
    };
    const [port] = (await freePorts(1)) as [number];
    const sentinel = createServer((program) => {
      const commands = new Commands();
      program.on('error', () => {});
      program.on('data', (bytes: Buffer) => {
        for (const { words } of commands.take(bytes)) program.write(answers[words[1]!] ?? '+OK\r\n');
      });
    }).listen(port, '127.0.0.1');
    ends.push(() => sentinel.close());
    const url = `redis+sentinel://127.0.0.1:${port}/mine`;
    // Whenever the time is over.
    const tries = [0, 1, 2, 3, 4, 5].map((n) =>
      open({ url, connectTimeout: 3000 + 300 * n })
        .queue()
        .put(1),
    );
    await Promise.all(tries.map((put) => assert.rejects(put, { code: 'ERR_UNREACHABLE', message: /99999/ })));
  });

  test('a sentinel that is silent does not keep a program from asking the next one', async () => {
    const watched = await start(2, NOT_YET);
    await watched.explain(async () => {
      watched.sentinels[0]!.pause();
      const queue = open({ url: watched.url(), connectTimeout: 30_000 }).queue<number>();
      await queue.put(1);
      assert.equal(await queue.get(), 1);
      watched.sentinels[0]!.resume();
    });
  });
});
