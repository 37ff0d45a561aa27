// Tasks of pools on hosts: each host and each program is a process of its own, which is killed, stopped and told to stop.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, test } from 'node:test';
import { Pool, Queue, SerializationError, StateError, WorkerLostError } from 'multiproc';
import { ClusterError, type ClusterLock, PlacementError, startWorker } from 'multiproc/cluster';
import type { QueueProxy } from 'multiproc/managers';
import { key } from './program.ts';
import { skip } from './redis-server.ts';
import { cli, isAlive, linesOf, noting, until } from './stage.ts';
import { Stages } from './stages.ts';

describe('tasks on hosts', { skip, timeout: 300_000 }, () => {
  const stages = new Stages(2000, '--appendonly', 'yes');

  test('of a killed host a task that may run again runs on another, and a task that may not rejects with the host', async () => {
    const stage = await stages.of('killed');
    const one = await stage.host({ slots: 2 });
    const two = stage.pool();
    const [first, second, go] = [stage.file('first'), stage.file('second'), stage.file('go')];
    const again = two.apply(noting, [first, go], { retries: 1 });
    const never = assert.rejects(
      two.apply(noting, [second, go]),
      (error: unknown) => error instanceof WorkerLostError && error.host === one.id && error.pid === undefined,
    );
    await until(() => linesOf(first).length === 1 && linesOf(second).length === 1);
    await stage.host({ slots: 2 });
    const [, agent] = linesOf(first)[0]!.split(' ');
    process.kill(Number(agent), 'SIGKILL');
    appendFileSync(go, '');
    assert.equal(typeof (await again), 'number');
    await never;
    assert.equal(linesOf(first).length, 2);
    assert.equal(linesOf(second).length, 1);
  });

  test('a host that is stopped for longer than its lease is lost, and what it does afterwards counts no more', async () => {
    const stage = await stages.of('stopped');
    await stage.host();
    const one = stage.pool();
    const [file, go] = [stage.file('stopped'), stage.file('stopped-go')];
    const task = one.apply(noting, [file, go], { retries: 1 });
    await until(() => linesOf(file).length === 1);
    const [worker, agent] = linesOf(file)[0]!.split(' ').map(Number);
    process.kill(agent!, 'SIGSTOP');
    await stage.host();
    await until(() => linesOf(file).length === 2);
    process.kill(agent!, 'SIGCONT');
    appendFileSync(go, '');
    const [other] = linesOf(file)[1]!.split(' ').map(Number);
    assert.equal(await task, other);
    assert.notEqual(other, worker);
  });

  test('SIGTERM drains a host under load: no task is lost, none fails and none runs twice', async () => {
    const stage = await stages.of('drained');
    const one = stage.pool();
    let current = await stage.host({ slots: 2 });
    const file = stage.file('drained');
    const note = async (n: number, to: string) => {
      await new Promise((resolve) => globalThis.setTimeout(resolve, 20));
      process.getBuiltinModule('node:fs').appendFileSync(to, `${n}\n`);
      return n;
    };
    const all = Array.from({ length: 120 }, (_, n) => one.apply(note, [n, file]));
    for (let i = 0; i < 3; i++) {
      const next = await stage.host({ slots: 2 });
      current.child.kill('SIGTERM');
      assert.deepEqual(await once(current.child, 'exit'), [0, null]);
      current = next;
    }
    assert.deepEqual(
      await Promise.all(all),
      Array.from({ length: 120 }, (_, n) => n),
    );
    assert.deepEqual(
      linesOf(file)
        .map(Number)
        .sort((a, b) => a - b),
      Array.from({ length: 120 }, (_, n) => n),
    );
  });

  test('after its grace a draining host gives back what may run again, and the rest rejects', async () => {
    const stage = await stages.of('grace');
    const one = stage.pool();
    const first = await stage.host({ slots: 2, args: ['--grace', '200ms'] });
    const [file, go] = [stage.file('grace'), stage.file('grace-go')];
    const again = one.apply(noting, [file, go], { retries: 1 });
    const never = assert.rejects(one.apply(noting, [file, go]), WorkerLostError);
    await until(() => linesOf(file).length === 2);
    first.child.kill('SIGTERM');
    assert.deepEqual(await once(first.child, 'exit'), [0, null]);
    await never;
    await stage.host({ slots: 2 });
    appendFileSync(go, '');
    assert.equal(typeof (await again), 'number');
    assert.equal(linesOf(file).length, 3);
  });

  test('of a killed program the tasks are ended, and no key stays', async () => {
    const stage = await stages.of('orphans');
    await stage.host({ slots: 2 });
    const file = stage.file('orphans');
    const code = `
      const { Pool } = require('multiproc');
      const pool = new Pool({ cluster: ${JSON.stringify(stage.cluster)} });
      pool.apply(${noting}, ${JSON.stringify([file, stage.file('never')])});`;
    const program = spawn(process.execPath, ['-e', code], { stdio: 'inherit' });
    await until(() => linesOf(file).length === 1);
    const [worker] = linesOf(file)[0]!.split(' ').map(Number);
    program.kill('SIGKILL');
    await until(() => !isAlive(worker!));
    await until(async () => (await stages.keys('orphans')).every((name) => /:(hosts|h:.*)$/.test(name)));
  });

  test('a server that is killed and comes back from its log loses no task', async () => {
    const stage = await stages.of('restart');
    const redis = await stages.server();
    await stage.host({ slots: 2 });
    const one = stage.pool();
    const file = stage.file('restart');
    const note = async (n: number, to: string) => {
      await new Promise((resolve) => globalThis.setTimeout(resolve, 15));
      process.getBuiltinModule('node:fs').appendFileSync(to, `${n}\n`);
      return n;
    };
    const all = Array.from({ length: 100 }, (_, n) => one.apply(note, [n, file]));
    await until(() => linesOf(file).length > 10);
    // What was acknowledged is in the log: the system writes it although the server was killed.
    await redis.end('SIGKILL');
    await redis.start();
    assert.deepEqual(
      await Promise.all(all),
      Array.from({ length: 100 }, (_, n) => n),
    );
    assert.equal(new Set(linesOf(file)).size, linesOf(file).length);
  });

  test('a server that comes back without its data: what may run again does, the rest rejects with ERR_DATA_LOST', async () => {
    const own = await stages.newServer();
    const stage = stages.at(own.url);
    const one = stage.pool();
    const never = assert.rejects(
      one.apply(() => 1),
      (error: unknown) => error instanceof ClusterError && error.code === 'ERR_DATA_LOST',
    );
    const again = one.apply(() => 2, [], { retries: 1 });
    // What was not answered before the end is sent again, and not lost: the second job is the last that is sent.
    await until(async () => (await own.command('KEYS', 'mp:*:q:j2-*')) !== '*0');
    await own.end('SIGKILL');
    await own.start();
    await never;
    await stage.host();
    assert.equal(await again, 2);
  });

  test('hosts with another key refuse a pool, whose tasks reject and say so', async () => {
    const stage = await stages.of('keys');
    const { id } = await stage.host({ env: { MULTIPROC_KEY: 'another key of the tests' } });
    const one = stage.pool();
    await assert.rejects(
      one.apply(() => 1),
      (error: unknown) =>
        error instanceof PlacementError && error.hosts[0]?.host === id && /another key/.test(error.hosts[0].why),
    );
    await using cluster = stage.clusterOf();
    const [info] = await cluster.hosts();
    assert.equal(info?.refuses.length, 1);
  });

  test('a server that was never there: every task rejects with ERR_UNREACHABLE, and the pool ends', async () => {
    const cluster = { url: 'unix:/tmp/multiproc-nowhere.sock', key, connectTimeout: 500 };
    const one = new Pool({ cluster });
    const isUnreachable = (error: unknown) => error instanceof ClusterError && error.code === 'ERR_UNREACHABLE';
    await assert.rejects(
      one.apply(() => 1),
      isUnreachable,
    );
    await assert.rejects(
      one.map((x: number) => x, [1, 2]),
      isUnreachable,
    );
    one.close();
    await one.join();
    await assert.rejects(startWorker(cluster), isUnreachable);
  });

  test('without a key neither a pool nor a worker begins', async () => {
    const cluster = { url: (await stages.server()).url };
    assert.throws(() => new Pool({ cluster }), /needs a key/);
    await assert.rejects(startWorker(cluster), /needs a key/);
    assert.throws(() => new Pool({ cluster: { ...cluster, key }, execArgv: ['--no-warnings'] }), TypeError);
  });

  test('a pool that asks for a label runs on hosts that have it, and says so if none has', async () => {
    const stage = await stages.of('labels');
    const { id } = await stage.host({ args: ['--label', 'gpu'] });
    await stage.host();
    const where = () => process.env.MULTIPROC_HOST;
    const one = stage.pool({ where: ['gpu'] });
    const found = await Promise.all(Array.from({ length: 6 }, () => one.apply(where)));
    assert.deepEqual(found, Array(6).fill(id));
    const none = stage.pool({ where: ['gpu', 'large'] });
    await assert.rejects(none.apply(where), (error: unknown) => {
      assert.ok(error instanceof PlacementError);
      return error.hosts.length === 2 && error.hosts.every(({ why }) => /lacks the label/.test(why));
    });
    assert.throws(() => new Pool({ where: ['gpu'] }), TypeError);
  });

  test('a task that was changed or moved in the server is refused, and nothing of it is decoded', async () => {
    const stage = await stages.of('forged');
    const redis = await stages.server();
    const one = stage.pool();
    const first = assert.rejects(
      one.apply((x: number) => x, [1]),
      /was not sealed for it/,
    );
    const second = assert.rejects(
      one.apply((x: number) => x, [2]),
      /was not sealed for it/,
    );
    const name = async () => (await stages.keys('forged')).find((each) => each.endsWith(':t'));
    await until(async () => (await name()) !== undefined && (await redis.command('HLEN', (await name())!)) === ':2');
    const fields = await redis.list('HGETALL', (await name())!);
    const flipped = Buffer.from(fields[1]!);
    flipped[flipped.length - 1]! ^= 1;
    await redis.command('HSET', (await name())!, fields[2]!, fields[1]!);
    await redis.command('HSET', (await name())!, fields[0]!, flipped);
    await stage.host();
    await first;
    await second;
    assert.equal(await one.apply((x: number) => x, [3]), 3);
  });

  test('what a pool says and does is sealed: no name, argument or result stands in the log of the server', async () => {
    const stage = await stages.of('sealed');
    await stage.host();
    const one = stage.pool();
    const answer = await one.apply((text: string) => `${text} was here`, ['a secret text']);
    assert.equal(answer, 'a secret text was here');
    const log = readFileSync(`${(await stages.server()).folder}/appendonlydir/appendonly.aof.1.incr.aof`, 'latin1');
    assert.ok(log.includes('mp:sealed:'));
    assert.ok(!log.includes('secret') && !log.includes('was here'));
  });

  test('a task that throws runs again as often as it may; one out of time does not', async () => {
    const stage = await stages.of('again');
    await stage.host();
    const one = stage.pool();
    const file = stage.file('again');
    const fail = (to: string) => {
      process.getBuiltinModule('node:fs').appendFileSync(to, 'once\n');
      throw new RangeError('again');
    };
    await assert.rejects(one.apply(fail, [file], { retries: 2 }), RangeError);
    assert.equal(linesOf(file).length, 3);
    const late = one.apply(noting, [stage.file('late'), stage.file('never')], { retries: 2, timeout: 50 });
    await assert.rejects(late, /The call of noting\(\) took longer than its 50 ms/);
    assert.equal(linesOf(stage.file('late')).length, 1);
    const stats = one.stats();
    assert.deepEqual([stats.outstanding, stats.done, stats.failed], [0, 2, 2]);
  });

  test('an abort ends a task that runs and one that waits, with the reason, and no other', async () => {
    const stage = await stages.of('abort');
    await stage.host({ slots: 2 });
    const one = stage.pool({ processes: 2 });
    const reason = new Error('mine');
    const stop = new AbortController();
    const [mine, other, waits, go] = [
      stage.file('mine'),
      stage.file('other'),
      stage.file('waits'),
      stage.file('abort-go'),
    ];
    const ended = assert.rejects(one.apply(noting, [mine, go], { signal: stop.signal }), reason);
    const goesOn = one.apply(noting, [other, go]);
    await until(() => linesOf(mine).length === 1 && linesOf(other).length === 1);
    const never = assert.rejects(one.apply(noting, [waits, go], { signal: stop.signal }), reason);
    const [worker] = linesOf(mine)[0]!.split(' ').map(Number);
    stop.abort(reason);
    await Promise.all([ended, never]);
    await until(() => !isAlive(worker!));
    await assert.rejects(one.apply(noting, [waits, go], { signal: stop.signal }), reason);
    appendFileSync(go, '');
    assert.equal(typeof (await goesOn), 'number');
    assert.equal(existsSync(waits), false);
  });

  test('of the tasks that wait the one with the highest priority goes first', async () => {
    const stage = await stages.of('priority');
    await stage.host();
    const one = stage.pool();
    const [begun, order, go] = [stage.file('begun'), stage.file('order'), stage.file('priority-go')];
    const note = (to: string, n: number) => process.getBuiltinModule('node:fs').appendFileSync(to, `${n}\n`);
    const tasks: Promise<unknown>[] = [one.apply(noting, [begun, go])];
    await until(() => linesOf(begun).length === 1);
    for (const priority of [0, 5, -5, 5]) tasks.push(one.apply(note, [order, priority], { priority }));
    await until(async () => {
      const name = (await stages.keys('priority')).find((each) => each.endsWith(':prioritized'));
      return name !== undefined && (await (await stages.server()).command('ZCARD', name)) === ':4';
    });
    appendFileSync(go, '');
    await Promise.all(tasks);
    assert.deepEqual(linesOf(order).map(Number), [5, 5, 0, -5]);
  });

  test('an initializer that throws breaks the pool; one that works runs in each worker', async () => {
    const stage = await stages.of('initializer');
    await stage.host();
    const works = stage.pool({
      initializer: (x: number) => {
        (globalThis as { made?: number }).made = x;
      },
      initargs: [7],
    });
    assert.equal(await works.apply(() => (globalThis as { made?: number }).made), 7);
    const broken = stage.pool({
      initializer: () => {
        throw new RangeError('no');
      },
    });
    await assert.rejects(
      broken.apply(() => 1),
      /no/,
    );
    await assert.rejects(
      broken.apply(() => 1),
      /no/,
    );
  });

  test('more tasks than may be in Redis at once all end, each once, in batches', async () => {
    const stage = await stages.of('flood');
    await stage.host({ slots: 2 });
    const one = stage.pool();
    const all = Array.from({ length: 3000 }, (_, n) => one.apply((x: number) => 2 * x, [n]));
    assert.deepEqual(
      await Promise.all(all),
      Array.from({ length: 3000 }, (_, n) => 2 * n),
    );
    assert.deepEqual(
      await one.map(
        (x: number) => x + 1,
        Array.from({ length: 5000 }, (_, n) => n),
      ),
      Array.from({ length: 5000 }, (_, n) => n + 1),
    );
    one.close();
    await one.join();
    assert.ok(
      (await stages.keys('flood')).every((name) => /:(hosts|h:.*|pools)$/.test(name)),
      (await stages.keys('flood')).join(' '),
    );
  });

  test('queues and locks of a cluster go into tasks on hosts, with a name and without; a killed worker releases at once', async () => {
    const stage = await stages.of('objects');
    await stage.host({ slots: 2 });
    const one = stage.pool();
    await using cluster = stage.clusterOf();
    const [queue, lock, named] = [
      cluster.queue<number>(),
      cluster.lock(),
      cluster.joinableQueue<string>(5, { name: 'n' }),
    ];
    const work = async (from: QueueProxy<number>, to: QueueProxy<string>) => {
      await to.put(`got ${await from.get()}`);
    };
    const working = one.apply(work, [queue, named]);
    await queue.put(7);
    assert.equal(await named.get(), 'got 7');
    await working;
    const die = async (held: ClusterLock) => {
      await held.acquire();
      process.kill(process.pid, 'SIGKILL');
    };
    await assert.rejects(one.apply(die, [lock]), WorkerLostError);
    const held = await lock.guard();
    assert.equal(held.abandoned, true);
    await held[Symbol.asyncDispose]();
    await assert.rejects(
      one.apply((q: Queue<number>) => q.qsize(), [new Queue<number>()]),
      SerializationError,
    );
  });

  test('the calls that block refuse, and run nothing', async () => {
    const stage = await stages.of('sync');
    const one = stage.pool();
    assert.throws(() => one.applySync(() => 1), StateError);
    assert.throws(() => one.mapSync((x: number) => x, [1]), StateError);
    assert.equal(one.stats().outstanding, 0);
  });

  test('with MULTIPROC_CLUSTER a program runs on the hosts without a change, and a task makes local pools', async () => {
    const stage = await stages.of('variable');
    const { id } = await stage.host({ slots: 2 });
    const code = `
      const { Pool } = require('multiproc');
      const host = () => process.env.MULTIPROC_HOST;
      const nested = async () => { const own = new Pool(1); const parent = await own.apply(() => process.ppid); own.terminate(); await own.join(); return [parent, process.pid]; };
      (async () => {
        const pool = new Pool();
        console.log(JSON.stringify([await pool.apply(host), await pool.apply(nested)]));
        pool.close();
        await pool.join();
      })();`;
    const env = { ...process.env, MULTIPROC_CLUSTER: `${(await stages.server()).url}`, MULTIPROC_KEY: key };
    const scoped = code.replace('new Pool();', "new Pool({ cluster: { namespace: 'variable' } });");
    const program = spawn(process.execPath, ['-e', scoped], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(createInterface({ input: program.stdout! }), 'line')) as [string];
    const [where, [parent, own]] = JSON.parse(line) as [string, [number, number]];
    assert.equal(where, id);
    assert.equal(parent, own);
  });

  test('the command that lists hosts names each with its slots', async () => {
    const stage = await stages.of('listed');
    const { id } = await stage.host({ slots: 3, args: ['--label', 'gpu', '--name', 'the machine'] });
    const args = [cli, 'hosts', (await stages.server()).url, '--namespace', 'listed'];
    const program = spawn(process.execPath, args, {
      env: { ...process.env, MULTIPROC_KEY: key },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: program.stdout! }), 'line')) as [string];
    assert.match(line, new RegExp(`^${id}  0/3 running  up  node v.*  gpu$`));
    assert.match(id, /^the_machine-/);
  });
});
