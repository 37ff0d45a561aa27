// Every object of a Cluster goes to tasks on hosts, as an argument and by a variable of the function, with a name and without, and works there.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Pool } from 'multiproc';
import type { Cluster } from 'multiproc/cluster';
import { skip } from './redis-server.ts';
import { Stages } from './stages.ts';

describe('objects of a cluster in tasks', { skip, timeout: 290_000 }, () => {
  const stages = new Stages(10_000);
  const stageOf = async (namespace: string) => {
    const stage = await stages.of(namespace);
    await stage.host({ slots: 2 });
    const cluster = await stages.cluster(stage.cluster);
    return { stage, cluster, pool: stage.pool() };
  };

  type Objects = ReturnType<typeof objectsOf>;
  function objectsOf(cluster: Cluster, name?: (kind: string) => { name: string }) {
    const of = (kind: string) => name?.(kind);
    return {
      queue: cluster.queue<number>(10, of('queue')),
      joinable: cluster.joinableQueue<number>(10, of('joinable')),
      lock: cluster.lock(of('lock')),
      rlock: cluster.rlock(of('rlock')),
      semaphore: cluster.semaphore(1, of('semaphore')),
      bounded: cluster.boundedSemaphore(1, of('bounded')),
      event: cluster.event(of('event')),
      barrier: cluster.barrier(2, of('barrier')),
      dict: cluster.dict<string, number>({}, of('dict')),
      value: cluster.value(1, of('value')),
    };
  }

  /** What a task does with them; the program does its part meanwhile. */
  async function use(objects: Objects): Promise<string> {
    const { queue, joinable, lock, rlock, semaphore, bounded, event, barrier, dict, value } = objects;
    const got = await queue.get();
    await joinable.put(got + 1);
    await joinable.join();
    await lock.acquire();
    await rlock.with(() => rlock.with(() => dict.set('n', got)));
    await lock.release();
    await semaphore.with(() => bounded.with(() => value.update((n: number) => n + got)));
    await event.wait();
    await barrier.wait();
    return `${got} ${await dict.get('n')} ${await value.get()}`;
  }

  async function accompany(coming: Promise<string>, objects: Objects): Promise<void> {
    await objects.queue.put(7);
    assert.equal(await objects.joinable.get(), 8);
    await objects.joinable.taskDone();
    await objects.event.set();
    await objects.barrier.wait();
    assert.equal(await coming, '7 7 8');
  }

  test('objects of a cluster go into tasks as arguments, without names and with them', async () => {
    const { cluster, pool } = await stageOf('arguments');
    for (const name of [undefined, (kind: string) => ({ name: `my ${kind}` })]) {
      const objects = objectsOf(cluster, name);
      await accompany(pool.apply(use, [objects]), objects);
    }
  });

  test('objects of a cluster go into tasks by the variables of a function', async () => {
    const { cluster, pool } = await stageOf('variables');
    const objects = objectsOf(cluster);
    await accompany(
      pool.apply(() => use(objects)),
      objects,
    );
  });

  test('a condition wakes a task that waits for it, by whatever lock, and however it came', async () => {
    const { cluster, pool } = await stageOf('conditions');
    const named = cluster.lock({ name: 'gate' });
    const plain = cluster.lock();
    const conditions = [
      cluster.condition(),
      cluster.condition(plain),
      cluster.condition(plain),
      cluster.condition(cluster.rlock()),
      cluster.condition(named),
      cluster.condition(named, { name: 'other' }),
      cluster.condition(cluster.lock(), { name: 'mine' }),
    ];
    const here = cluster.event();
    const wait = async (one: (typeof conditions)[0], at: typeof here) => {
      await one.acquire();
      await at.set();
      const isNotified = await one.wait();
      await one.release();
      return isNotified;
    };
    for (const condition of conditions) {
      for (const start of [() => pool.apply(wait, [condition, here]), () => pool.apply(() => wait(condition, here))]) {
        const coming = start();
        await here.wait();
        await here.clear();
        // The task has the lock until it waits.
        await condition.with(() => condition.notify());
        assert.equal(await coming, true);
      }
    }
  });

  test('a lock and its conditions in one message belong together; one condition does not wake the waits of another', async () => {
    const { cluster, pool } = await stageOf('together');
    const lock = cluster.rlock();
    const [full, empty] = [cluster.condition(lock), cluster.condition(lock)];
    const here = cluster.event();
    const wait = async (held: typeof lock, one: typeof full, at: typeof here) => {
      await held.acquire();
      await held.acquire();
      await at.set();
      const isNotified = await one.wait({ timeout: 60_000 });
      await held.release();
      await held.release();
      return [isNotified, await held.locked()];
    };
    const coming = pool.apply(wait, [lock, full, here]);
    await here.wait();
    await empty.with(() => empty.notifyAll());
    const early = await empty.with(() => full.wait({ timeout: 1 }));
    assert.equal(early, false);
    await full.with(() => full.notify());
    assert.deepEqual(await coming, [true, false]);
  });

  test('a task sends what it was given to a task of its own pool', async () => {
    const { stage, cluster, pool } = await stageOf('onwards');
    const condition = cluster.condition();
    const queue = cluster.queue<string>();
    const onwards = async (options: object, one: typeof condition, to: typeof queue) => {
      const inner = new Pool({ cluster: options as never });
      const tell = async (two: typeof condition, into: typeof queue) => {
        await two.with(async () => {
          await into.put('deep');
          await two.wait();
        });
        return 'woken';
      };
      const found = await inner.apply(tell, [one, to]);
      inner.close();
      await inner.join();
      return found;
    };
    const coming = pool.apply(onwards, [stage.cluster, condition, queue]);
    assert.equal(await queue.get(), 'deep');
    await condition.with(() => condition.notify());
    assert.equal(await coming, 'woken');
  });
});
