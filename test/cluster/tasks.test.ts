// Tasks of pools on hosts: each host and each program is a process of its own, which is killed, stopped and told to stop.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { after, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Pool, Queue, SerializationError, StateError, WorkerLostError } from 'multiproc';
import { Cluster, ClusterError, type ClusterLock, type HostInfo, PlacementError, startWorker } from 'multiproc/cluster';
import type { QueueProxy } from 'multiproc/managers';
import { RedisServer, skip } from './redis-server.ts';

const key = 'a key of the tests';
const lease = 2000;
const cli = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));

describe('tasks on hosts', { skip, timeout: 300_000 }, () => {
  let made: RedisServer | undefined;
  const server = async () => (made ??= await new RedisServer('--appendonly', 'yes').start());
  const folder = mkdtempSync(`${tmpdir()}/multiproc-tasks-`);
  const hosts = new Set<ChildProcess>();
  const pools = new Set<Pool>();

  /** A host, as a user starts one; each namespace is a cluster of its own. */
  const host = async (namespace: string, slots = 2, options: readonly string[] = [], withKey = key) => {
    const args = [cli, 'worker', (await server()).url, '--namespace', namespace, '--slots', String(slots)];
    const child = spawn(process.execPath, [...args, '--lease', `${lease}ms`, ...options], {
      env: { ...process.env, MULTIPROC_KEY: withKey, TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    hosts.add(child);
    const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
    const [, id] = /^multiproc worker (\S+) takes tasks$/.exec(line) ?? [];
    assert.ok(id !== undefined, line);
    return { child, id };
  };
  const pool = async (namespace: string, options = {}) => {
    const one = new Pool({ cluster: { url: (await server()).url, key, lease, namespace }, ...options });
    pools.add(one);
    return one;
  };
  const hostsOf = async (namespace: string): Promise<HostInfo[]> => {
    await using cluster = new Cluster({ url: (await server()).url, key, namespace });
    return await cluster.hosts();
  };
  const keysOf = async (namespace: string) => (await (await server()).list('KEYS', `mp:${namespace}:*`)).map(String);
  /** The whole lines: a file that has just been made is empty. */
  const linesOf = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []);
  const until = async (isSo: () => boolean | Promise<boolean>) => {
    while (!(await isSo())) await setTimeout(20);
  };

  after(async () => {
    for (const one of pools) {
      one.terminate();
      await one.join();
    }
    for (const child of hosts) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    }
    await made?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Notes in a file that it has started, with the process that runs it; then waits for another file. */
  const noting = async (file: string, until: string) => {
    const { appendFileSync, existsSync } = process.getBuiltinModule('node:fs');
    appendFileSync(file, `${process.pid} ${process.ppid}\n`);
    while (!existsSync(until)) await new Promise((resolve) => globalThis.setTimeout(resolve, 10));
    return process.pid;
  };

  test('of a killed host a task that may run again runs on another, and a task that may not rejects with the host', async () => {
    const one = await host('killed');
    const two = await pool('killed');
    const [first, second, go] = [`${folder}/first`, `${folder}/second`, `${folder}/go`];
    const again = two.apply(noting, [first, go], { retries: 1 });
    const never = assert.rejects(
      two.apply(noting, [second, go]),
      (error: unknown) => error instanceof WorkerLostError && error.host === one.id && error.pid === undefined,
    );
    await until(() => linesOf(first).length === 1 && linesOf(second).length === 1);
    await host('killed');
    const [, agent] = linesOf(first)[0]!.split(' ');
    process.kill(Number(agent), 'SIGKILL');
    appendFileSync(go, '');
    assert.equal(typeof (await again), 'number');
    await never;
    assert.equal(linesOf(first).length, 2);
    assert.equal(linesOf(second).length, 1);
  });

  test('a host that is stopped for longer than its lease is lost, and what it does afterwards counts no more', async () => {
    await host('stopped', 1);
    const one = await pool('stopped');
    const [file, go] = [`${folder}/stopped`, `${folder}/stopped-go`];
    const task = one.apply(noting, [file, go], { retries: 1 });
    await until(() => linesOf(file).length === 1);
    const [worker, agent] = linesOf(file)[0]!.split(' ').map(Number);
    process.kill(agent!, 'SIGSTOP');
    await host('stopped', 1);
    await until(() => linesOf(file).length === 2);
    process.kill(agent!, 'SIGCONT');
    appendFileSync(go, '');
    const [other] = linesOf(file)[1]!.split(' ').map(Number);
    assert.equal(await task, other);
    assert.notEqual(other, worker);
  });

  test('SIGTERM drains a host under load: no task is lost, none fails and none runs twice', async () => {
    const one = await pool('drained');
    let current = await host('drained');
    const file = `${folder}/drained`;
    const note = async (n: number, to: string) => {
      await new Promise((resolve) => globalThis.setTimeout(resolve, 20));
      process.getBuiltinModule('node:fs').appendFileSync(to, `${n}\n`);
      return n;
    };
    const all = Array.from({ length: 120 }, (_, n) => one.apply(note, [n, file]));
    for (let i = 0; i < 3; i++) {
      const next = await host('drained');
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
    const one = await pool('grace');
    const first = await host('grace', 2, ['--grace', '200ms']);
    const [file, go] = [`${folder}/grace`, `${folder}/grace-go`];
    const again = one.apply(noting, [file, go], { retries: 1 });
    const never = assert.rejects(one.apply(noting, [file, go]), WorkerLostError);
    await until(() => linesOf(file).length === 2);
    first.child.kill('SIGTERM');
    assert.deepEqual(await once(first.child, 'exit'), [0, null]);
    await never;
    await host('grace');
    appendFileSync(go, '');
    assert.equal(typeof (await again), 'number');
    assert.equal(linesOf(file).length, 3);
  });

  test('of a killed program the tasks are ended, and no key stays', async () => {
    await host('orphans');
    const file = `${folder}/orphans`;
    const code = `
      const { Pool } = require('multiproc');
      const pool = new Pool({ cluster: ${JSON.stringify({ url: (await server()).url, key, lease, namespace: 'orphans' })} });
      pool.apply(${noting}, ${JSON.stringify([file, `${folder}/never`])});`;
    const program = spawn(process.execPath, ['-e', code], { stdio: 'inherit' });
    await until(() => linesOf(file).length === 1);
    const [worker] = linesOf(file)[0]!.split(' ').map(Number);
    program.kill('SIGKILL');
    await until(() => !isAlive(worker!));
    await until(async () => (await keysOf('orphans')).every((name) => /:(hosts|h:.*)$/.test(name)));
  });

  test('a server that is killed and comes back from its log loses no task', async () => {
    const redis = await server();
    await host('restart');
    const one = await pool('restart');
    const file = `${folder}/restart`;
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
    const own = await new RedisServer().start();
    try {
      const cluster = { url: own.url, key, lease };
      const one = new Pool({ cluster });
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
      const args = [cli, 'worker', own.url, '--slots', '1', '--lease', `${lease}ms`];
      const child = spawn(process.execPath, args, {
        env: { ...process.env, MULTIPROC_KEY: key, TMPDIR: folder },
        stdio: 'ignore',
      });
      hosts.add(child);
      assert.equal(await again, 2);
      one.close();
      await one.join();
    } finally {
      await own.remove();
    }
  });

  test('hosts with another key refuse a pool, whose tasks reject and say so', async () => {
    const { id } = await host('keys', 1, [], 'another key of the tests');
    const one = await pool('keys');
    await assert.rejects(
      one.apply(() => 1),
      (error: unknown) =>
        error instanceof PlacementError && error.hosts[0]?.host === id && /another key/.test(error.hosts[0].why),
    );
    const [info] = await hostsOf('keys');
    assert.equal(info?.refuses.length, 1);
  });

  test('a server that was never there: every task rejects with ERR_UNREACHABLE, and the pool ends', async () => {
    const cluster = { url: `unix:${folder}/nowhere.sock`, key, connectTimeout: 500 };
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
    const cluster = { url: (await server()).url };
    assert.throws(() => new Pool({ cluster }), /needs a key/);
    await assert.rejects(startWorker(cluster), /needs a key/);
    assert.throws(() => new Pool({ cluster: { ...cluster, key }, execArgv: ['--no-warnings'] }), TypeError);
  });

  test('a pool that asks for a label runs on hosts that have it, and says so if none has', async () => {
    const { id } = await host('labels', 1, ['--label', 'gpu']);
    await host('labels', 1);
    const where = () => process.env.MULTIPROC_HOST;
    const one = await pool('labels', { where: ['gpu'] });
    const found = await Promise.all(Array.from({ length: 6 }, () => one.apply(where)));
    assert.deepEqual(found, Array(6).fill(id));
    const none = await pool('labels', { where: ['gpu', 'large'] });
    await assert.rejects(none.apply(where), (error: unknown) => {
      assert.ok(error instanceof PlacementError);
      return error.hosts.length === 2 && error.hosts.every(({ why }) => /lacks the label/.test(why));
    });
    assert.throws(() => new Pool({ where: ['gpu'] }), TypeError);
  });

  test('a task that was changed or moved in the server is refused, and nothing of it is decoded', async () => {
    const redis = await server();
    const one = await pool('forged');
    const first = assert.rejects(
      one.apply((x: number) => x, [1]),
      /was not sealed for it/,
    );
    const second = assert.rejects(
      one.apply((x: number) => x, [2]),
      /was not sealed for it/,
    );
    const name = async () => (await keysOf('forged')).find((each) => each.endsWith(':t'));
    await until(async () => (await name()) !== undefined && (await redis.command('HLEN', (await name())!)) === ':2');
    const fields = await redis.list('HGETALL', (await name())!);
    const flipped = Buffer.from(fields[1]!);
    flipped[flipped.length - 1]! ^= 1;
    await redis.command('HSET', (await name())!, fields[2]!, fields[1]!);
    await redis.command('HSET', (await name())!, fields[0]!, flipped);
    await host('forged', 1);
    await first;
    await second;
    assert.equal(await one.apply((x: number) => x, [3]), 3);
  });

  test('what a pool says and does is sealed: no name, argument or result stands in the log of the server', async () => {
    await host('sealed', 1);
    const one = await pool('sealed');
    const answer = await one.apply((text: string) => `${text} was here`, ['a secret text']);
    assert.equal(answer, 'a secret text was here');
    const log = readFileSync(`${(await server()).folder}/appendonlydir/appendonly.aof.1.incr.aof`, 'latin1');
    assert.ok(log.includes('mp:sealed:'));
    assert.ok(!log.includes('secret') && !log.includes('was here'));
  });

  test('a task that throws runs again as often as it may; one out of time does not', async () => {
    await host('again', 1);
    const one = await pool('again');
    const file = `${folder}/again`;
    const fail = (to: string) => {
      process.getBuiltinModule('node:fs').appendFileSync(to, 'once\n');
      throw new RangeError('again');
    };
    await assert.rejects(one.apply(fail, [file], { retries: 2 }), RangeError);
    assert.equal(linesOf(file).length, 3);
    const late = one.apply(noting, [`${folder}/late`, `${folder}/never`], { retries: 2, timeout: 50 });
    await assert.rejects(late, /The task noting\(\) took longer than its 50 ms/);
    assert.equal(linesOf(`${folder}/late`).length, 1);
    const stats = one.stats();
    assert.deepEqual([stats.outstanding, stats.done, stats.failed], [0, 2, 2]);
  });

  test('an abort ends a task that runs and one that waits, with the reason, and no other', async () => {
    await host('abort', 2);
    const one = await pool('abort', { processes: 2 });
    const reason = new Error('mine');
    const stop = new AbortController();
    const [mine, other, waits, go] = [`${folder}/mine`, `${folder}/other`, `${folder}/waits`, `${folder}/abort-go`];
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
    await host('priority', 1);
    const one = await pool('priority');
    const [begun, order, go] = [`${folder}/begun`, `${folder}/order`, `${folder}/priority-go`];
    const note = (to: string, n: number) => process.getBuiltinModule('node:fs').appendFileSync(to, `${n}\n`);
    const tasks: Promise<unknown>[] = [one.apply(noting, [begun, go])];
    await until(() => linesOf(begun).length === 1);
    for (const priority of [0, 5, -5, 5]) tasks.push(one.apply(note, [order, priority], { priority }));
    await until(async () => {
      const name = (await keysOf('priority')).find((each) => each.endsWith(':prioritized'));
      return name !== undefined && (await (await server()).command('ZCARD', name)) === ':4';
    });
    appendFileSync(go, '');
    await Promise.all(tasks);
    assert.deepEqual(linesOf(order).map(Number), [5, 5, 0, -5]);
  });

  test('an initializer that throws breaks the pool; one that works runs in each worker', async () => {
    await host('initializer', 1);
    const works = await pool('initializer', {
      initializer: (x: number) => {
        (globalThis as { made?: number }).made = x;
      },
      initargs: [7],
    });
    assert.equal(await works.apply(() => (globalThis as { made?: number }).made), 7);
    const broken = await pool('initializer', {
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
    await host('flood', 2);
    const one = await pool('flood');
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
      (await keysOf('flood')).every((name) => /:(hosts|h:.*|pools)$/.test(name)),
      (await keysOf('flood')).join(' '),
    );
  });

  test('queues and locks of a cluster go into tasks on hosts, with a name and without; a killed worker releases at once', async () => {
    await host('objects', 2);
    const one = await pool('objects');
    await using cluster = new Cluster({ url: (await server()).url, key, namespace: 'objects' });
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
    const one = await pool('sync');
    assert.throws(() => one.applySync(() => 1), StateError);
    assert.throws(() => one.mapSync((x: number) => x, [1]), StateError);
    assert.equal(one.stats().outstanding, 0);
  });

  test('with MULTIPROC_CLUSTER a program runs on the hosts without a change, and a task makes local pools', async () => {
    const { id } = await host('variable', 2);
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
    const env = { ...process.env, MULTIPROC_CLUSTER: `${(await server()).url}`, MULTIPROC_KEY: key };
    const scoped = code.replace('new Pool();', "new Pool({ cluster: { namespace: 'variable' } });");
    const program = spawn(process.execPath, ['-e', scoped], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(createInterface({ input: program.stdout! }), 'line')) as [string];
    const [where, [parent, own]] = JSON.parse(line) as [string, [number, number]];
    assert.equal(where, id);
    assert.equal(parent, own);
  });

  test('the command that lists hosts names each with its slots', async () => {
    const { id } = await host('listed', 3, ['--label', 'gpu', '--name', 'the machine']);
    const args = [cli, 'hosts', (await server()).url, '--namespace', 'listed'];
    const program = spawn(process.execPath, args, {
      env: { ...process.env, MULTIPROC_KEY: key },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: program.stdout! }), 'line')) as [string];
    assert.match(line, new RegExp(`^${id}  0/3 running  up  node v.*  gpu$`));
    assert.match(id, /^the_machine-/);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
