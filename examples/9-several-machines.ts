// The article's programs with a pool once more, on several machines. The sixth and the seventh are one here, since a queue of a cluster
// has the methods of a manager's queue. Only `cluster` is new in them. Two workers stand for two machines: each runs in a folder of
// its own and has no copy of this program. On machines of your own you would type what `start` runs here.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'multiproc';
import { Cluster, type ClusterLock } from 'multiproc/cluster';
import type { QueueProxy } from 'multiproc/managers';

async function write(q: QueueProxy<string>, lock: ClusterLock) {
  await lock.acquire();
  for (const value of ['A', 'B', 'C']) {
    console.log(`Put ${value} to queue...`);
    await q.put(value);
  }
  await lock.release();
}

async function read(q: QueueProxy<string>) {
  while (!(await q.empty())) {
    const value = await q.get({ timeout: 0 });
    console.log(`Get ${value} from queue.`);
    await sleep(Math.random() * 100);
  }
}

async function programs() {
  await using cluster = new Cluster();
  const q = cluster.queue<string>();
  const lock = cluster.lock();
  const pool = new Pool();
  const writing = pool.applyAsync(write, [q, lock]);
  await writing.wait();
  const reading = pool.applyAsync(read, [q]);
  await reading.wait();
  const hosts = await pool.map(
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      return process.env.MULTIPROC_HOST;
    },
    [1, 2, 3, 4],
    { chunksize: 1 },
  );
  pool.close();
  await pool.join();
  console.log();
  console.log(`All data was written and read. Four tasks ran on ${new Set(hosts).size} hosts.`);
}

const cli = createRequire(import.meta.url)
  .resolve('multiproc')
  .replace('multiproc.cjs', 'cli.js');
const running: ChildProcess[] = [];

/** Runs `npx multiproc …` in this folder, and returns what it prints first. */
async function start(folder: string, ...args: string[]): Promise<string> {
  const child = spawn(process.execPath, [cli, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  running.unshift(child);
  const lines = createInterface({ input: child.stdout });
  const [first] = (await once(lines, 'line')) as [string];
  lines.on('line', (line) => console.log(line));
  return first;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

const isInstalled = ['valkey-server', 'redis-server'].some(
  (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0,
);
if (!isInstalled)
  console.log('Install valkey-server or redis-server to see this program: apt-get install redis-server');
else {
  const folders = ['server', 'one', 'two'].map((name) => mkdtempSync(`${tmpdir()}/multiproc-${name}-`));
  const line = await start(folders[0]!, 'serve', '--port', String(await freePort()));
  for (const [, name, value] of line.matchAll(/(MULTIPROC_\w+)=(\S+)/g)) process.env[name!] = value;
  for (const folder of folders.slice(1)) await start(folder, 'worker', '--slots', '2');
  try {
    await programs();
  } finally {
    for (const child of running) {
      child.kill();
      await once(child, 'exit');
    }
    for (const folder of folders) rmSync(folder, { recursive: true });
  }
}
