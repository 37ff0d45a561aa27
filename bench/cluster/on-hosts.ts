/** Tasks and objects of a cluster against BullMQ and ioredis alone, over one Redis server that keeps nothing on the disk. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Queue, QueueEvents } from 'bullmq';
import { Redis } from 'ioredis';
import { Pool } from 'multiproc';
import { Cluster } from 'multiproc/cluster';

/** One comparison: the value of ours and of the other, and whether less is better. */
export interface Measured {
  readonly work: string;
  readonly against: string;
  readonly unit: string;
  readonly ours: number;
  readonly other: number;
}

/** Milliseconds after which a silent host counts as dead, where one is killed; elsewhere a busy machine must not make it look so. */
const LEASE = 2000;
const LONG_LEASE = 30_000;
const cli = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));
const key = 'a key of the benchmark';
/** Not compiled: it has packages of bench/. */
const handing = fileURLToPath(new URL('../../../bench/cluster/hand-over.mjs', import.meta.url));

/** Measures everything once, with processes of its own. */
export async function measureOnHosts(): Promise<Measured[]> {
  const folder = mkdtempSync(`${tmpdir()}/multiproc-bench-`);
  const path = `${folder}/redis.sock`;
  const started: ChildProcess[] = [];
  const start = async (file: string, args: readonly string[], isReady: (line: string) => boolean) => {
    const child = spawn(file, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, MULTIPROC_KEY: key },
    });
    started.push(child);
    const lines = createInterface({ input: child.stdout });
    await new Promise<void>((resolve) => lines.on('line', (line) => isReady(line) && resolve()));
    return child;
  };
  try {
    const server = ['--port', '0', '--unixsocket', path, '--save', '', '--dir', folder];
    await start('redis-server', server, (line) => /ready to accept/i.test(line));
    const cluster = { url: `unix:${path}`, key, lease: LONG_LEASE };
    const host = (slots: number, namespace: string, lease = LONG_LEASE) => {
      const options = ['--slots', String(slots), '--namespace', namespace, '--lease', `${lease}ms`];
      return start(process.execPath, [cli, 'worker', cluster.url, ...options], (line) => line.includes('takes tasks'));
    };
    await host(2, 'tasks');
    const bull = fileURLToPath(new URL('bull-worker.js', import.meta.url));
    await start(process.execPath, [bull, path, '50'], (line) => line === 'ready');
    return [
      ...(await tasks(cluster, path)),
      ...(await objects(cluster, path)),
      await handOver(path),
      await waiting(cluster, () => host(8, 'waiting')),
      await afterKill({ ...cluster, lease: LEASE }, folder, () => host(1, 'killed', LEASE)),
    ];
  } finally {
    for (const child of started.reverse()) {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

type Options = { readonly url: string; readonly key: string; readonly lease: number };

async function tasks(cluster: Options, path: string): Promise<Measured[]> {
  await using pool = new Pool({ cluster: { ...cluster, namespace: 'tasks' } });
  const connection = { path, maxRetriesPerRequest: null };
  const queue = new Queue('bench', { connection });
  const events = new QueueEvents('bench', { connection });
  await events.waitUntilReady();
  const same = (x: number) => x;
  await pool.map(same, [1, 2, 3, 4], { chunksize: 1 });

  const single = await firstAndLater({
    work: '`pool.apply` there and back, p50',
    against: 'BullMQ, add to completed',
    count: 500,
    ours: () => pool.apply(same, [1]),
    other: async () => {
      const job = await queue.add('x', { x: 1 });
      await job.waitUntilFinished(events);
    },
  });
  const FLOOD = 5000;
  const flood = async () => {
    const ms = await time(() => Promise.all(Array.from({ length: FLOOD }, (_, x) => pool.apply(same, [x]))));
    return (FLOOD / ms) * 1000;
  };
  const bulk = async () => {
    let left = FLOOD;
    const done = new Promise<void>((resolve) => {
      events.on('completed', () => {
        if (--left === 0) resolve();
      });
    });
    const ms = await time(async () => {
      await queue.addBulk(
        Array.from({ length: FLOOD }, (_, x) => ({ name: 'x', data: { x }, opts: { removeOnComplete: true } })),
      );
      await done;
    });
    events.removeAllListeners('completed');
    return (FLOOD / ms) * 1000;
  };
  const first = [await flood(), await bulk()] as const;
  // By now V8 has compiled what both need.
  const again = [await flood(), await bulk()] as const;
  const MANY = 100_000;
  const map = await time(() =>
    pool.map(
      same,
      Array.from({ length: MANY }, (_, x) => x),
    ),
  );
  await queue.obliterate({ force: true });
  await events.close();
  await queue.close();
  return [
    ...single,
    {
      work: `${FLOOD} × \`apply\` at once, to the last result, the first time`,
      against: 'BullMQ `addBulk`, the first time',
      unit: 'tasks/s',
      ours: first[0],
      other: first[1],
    },
    {
      work: `${FLOOD} × \`apply\` at once, once more`,
      against: 'BullMQ `addBulk`, once more',
      unit: 'tasks/s',
      ours: again[0],
      other: again[1],
    },
    {
      work: '`map` of 100,000 numbers, default chunks',
      against: 'BullMQ, one job a number, at the rate of `addBulk`',
      unit: 'items/s',
      ours: (MANY / map) * 1000,
      other: again[1],
    },
  ];
}

async function objects(options: Options, path: string): Promise<Measured[]> {
  await using cluster = new Cluster(options);
  const redis = new Redis({ path });
  const queue = cluster.queue<string>();
  const lock = cluster.lock();
  const script = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end";
  await queue.put('first');
  await queue.get();
  const queued = await firstAndLater({
    work: 'queue, put + get',
    against: '`RPUSH` + `LPOP` by ioredis',
    count: 1000,
    ours: async () => {
      await queue.put('an item');
      await queue.get();
    },
    other: async () => {
      await redis.rpush('raw', 'an item');
      await redis.lpop('raw');
    },
  });
  const MANY = 5000;
  const pipelined = async (put: (item: string) => Promise<unknown>, get: () => Promise<unknown>) => {
    const all = () => time(() => Promise.all(Array.from({ length: MANY }, (_, i) => put(`item ${i}`))));
    const back = () => time(() => Promise.all(Array.from({ length: MANY }, get)));
    // Once to warm up.
    await all();
    await back();
    return (MANY / ((await all()) + (await back()))) * 1000;
  };
  const manyOurs = await pipelined(
    (item) => queue.put(item),
    () => queue.get(),
  );
  const manyRaw = await pipelined(
    (item) => redis.rpush('raw', item),
    () => redis.lpop('raw'),
  );
  const locked = await firstAndLater({
    work: 'lock, acquire + release, nobody waits',
    against: '`SET NX` + a script that deletes',
    count: 1000,
    ours: async () => {
      await lock.acquire();
      await lock.release();
    },
    other: async () => {
      await redis.set('lock', 'me', 'PX', 30_000, 'NX');
      await redis.eval(script, 1, 'lock', 'me');
    },
  });
  redis.disconnect();
  return [
    ...queued,
    {
      work: `queue, ${MANY} puts at once, then ${MANY} gets`,
      against: '`RPUSH` and `LPOP` by ioredis, as many',
      unit: 'items/s',
      ours: manyOurs,
      other: manyRaw,
    },
    ...locked,
  ];
}

/** Between two programs, each in a process of its own. */
async function handOver(path: string): Promise<Measured> {
  const run = async (name: string) => {
    const { stdout } = await promisify(execFile)(process.execPath, [handing, name, path, '60']);
    return (JSON.parse(stdout) as [number])[0];
  };
  const [ours, other] = [await run('multiproc'), await run('redis-semaphore')];
  return { work: 'a lock is handed to another program, p50', against: '`redis-semaphore`', unit: 'ms', ours, other };
}

async function waiting(cluster: Options, host: () => Promise<unknown>): Promise<Measured> {
  await host();
  await host();
  await using pool = new Pool({ cluster: { ...cluster, namespace: 'waiting' } });
  const wait = async () => await new Promise<void>((resolve) => void setTimeout(resolve, 100));
  const all = () => Promise.all(Array.from({ length: 64 }, () => pool.apply(wait)));
  // All workers are there.
  await all();
  await all();
  const ours = await time(all);
  return {
    work: '64 tasks that wait 100 ms, on 2 hosts of 8 slots',
    against: 'the ideal',
    unit: 'ms',
    ours,
    other: 400,
  };
}

async function afterKill(cluster: Options, folder: string, host: () => Promise<unknown>): Promise<Measured> {
  await host();
  await using pool = new Pool({ cluster: { ...cluster, namespace: 'killed' } });
  const file = `${folder}/started`;
  const note = async (to: string) => {
    const { appendFileSync, readFileSync } = process.getBuiltinModule('node:fs');
    appendFileSync(to, `${process.ppid}\n`);
    if (readFileSync(to, 'utf8').trim().split('\n').length < 2) await new Promise(() => setInterval(() => {}, 1000));
  };
  const task = pool.apply(note, [file], { retries: 1 });
  while (!existsSync(file)) await sleep(5);
  await host();
  process.kill(Number(readFileSync(file, 'utf8')), 'SIGKILL');
  const ours = await time(() => task);
  return {
    work: 'a host is killed, until its task has run elsewhere',
    against: 'the lease',
    unit: 'ms',
    ours,
    other: LEASE,
  };
}

/** A call and its rival, one at a time: the median of the first `count` of a program, and of as many after three times as many. */
interface Calls {
  readonly work: string;
  readonly against: string;
  readonly count: number;
  readonly ours: () => Promise<unknown>;
  readonly other: () => Promise<unknown>;
}

async function firstAndLater({ work, against, count, ours, other }: Calls): Promise<Measured[]> {
  const measure = async (when: string, calls: number): Promise<Measured> => ({
    work: `${work}, ${when}`,
    against,
    unit: 'ms',
    ours: await median(calls, ours),
    other: await median(calls, other),
  });
  const first = await measure(`the first ${count}`, count);
  await measure('meanwhile', 3 * count);
  return [first, await measure('later', count)];
}

async function time(act: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await act();
  return performance.now() - start;
}

async function median(count: number, act: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) times.push(await time(act));
  return times.sort((a, b) => a - b)[count >> 1]!;
}
