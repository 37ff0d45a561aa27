// Tasks and objects go on for long: neither the processes nor the server keep anything of what is over. TEST_LONG has ten minutes.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { key } from './program.ts';
import { RedisServer, skip } from './redis-server.ts';
import { childrenOf, linesOf, noKeys, Stage, until } from './stage.ts';

const isLong = process.env.TEST_LONG === '1';
const minutes = Number(process.env.TEST_SOAK ?? (isLong ? 10 : 0.1));
/** Below that the processes still warm up. */
const MEASURED_FROM = 2;
/** Megabytes by which a process may have more in the last third than in the second: collections come when they like. */
const SLACK = 16;
const lease = 3000;

function programCode(cluster: object, file: string): string {
  return `
    const { Pool } = require('multiproc');
    const { Cluster } = require('multiproc/cluster');
    const { appendFileSync } = require('node:fs');
    let isOver = false;
    process.stdin.on('data', () => {}).on('end', () => { isOver = true; });
    (async () => {
      const options = ${JSON.stringify(cluster)};
      const pool = new Pool({ cluster: options });
      const cluster = new Cluster(options);
      const named = cluster.dict([], { name: 'counts' });
      for (let round = 0; !isOver; round++) {
        const numbers = Array.from({ length: 200 }, (_, i) => i);
        const queue = cluster.queue();
        const lock = cluster.lock();
        await Promise.all([
          pool.map((x) => x + 1, numbers, { chunksize: 5 }),
          pool.apply((text) => text.length, ['x'.repeat(20000)], { retries: 1 }),
          queue.putMany(numbers).then(() => queue.getMany(numbers.length)),
          lock.with(() => named.set('round', round)),
        ]);
        queue[Symbol.dispose]();
        lock[Symbol.dispose]();
        appendFileSync(${JSON.stringify(file)}, round + '\\n');
      }
      pool.close();
      await pool.join();
      await cluster.delete('counts');
      await cluster.shutdown();
      process.exit(0);
    })();`;
}

/** Megabytes that a process has resident. */
const memoryOf = (pid: number) =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;

test(`${minutes} minutes of tasks and objects: no process grows, and no key stays`, {
  skip,
  timeout: minutes * 60_000 + 200_000,
}, async () => {
  const redis = await new RedisServer().start();
  const stage = new Stage(redis.url, 'default', lease);
  try {
    const host = await stage.host({ slots: 2 });
    const rounds = stage.file('rounds');
    const code = programCode({ url: redis.url, key, lease }, rounds);
    const program: ChildProcess = stage.keep(
      spawn(process.execPath, ['-e', code], { stdio: ['pipe', 'inherit', 'inherit'] }),
    );
    await until(() => linesOf(rounds).length > 3);
    const watched: Record<string, number> = { program: program.pid!, host: childrenOf(host.child.pid!)[0]! };
    for (const [n, pid] of childrenOf(program.pid!).entries()) watched[`gateway ${n}`] = pid;
    const seen = new Map<string, number[]>([...Object.keys(watched), 'keys'].map((name) => [name, []]));
    const samples = Math.max(9, Math.round(minutes * 12));
    for (let n = 0; n < samples; n++) {
      await setTimeout((minutes * 60_000) / samples);
      for (const [name, pid] of Object.entries(watched)) seen.get(name)!.push(memoryOf(pid));
      seen.get('keys')!.push(Number((await redis.command('DBSIZE')).slice(1)));
    }
    const before = linesOf(rounds).length;
    await until(() => linesOf(rounds).length > before);
    program.stdin!.end();
    assert.deepEqual(await once(program, 'exit'), [0, null]);
    const third = Math.floor(samples / 3);
    const grown: string[] = [];
    for (const [name, values] of seen) {
      const [early, late] = [median(values.slice(third, 2 * third)), median(values.slice(2 * third))];
      console.log(`${name}: ${early.toFixed(1)}, then ${late.toFixed(1)}`);
      // A lost object without a name goes after a lease: the rounds of that time may have left some.
      if (name === 'keys' ? late > 2 * early + 20 : minutes >= MEASURED_FROM && late > early + SLACK) grown.push(name);
    }
    console.log(`${linesOf(rounds).length} rounds`);
    assert.deepEqual(grown, []);
    host.child.kill('SIGTERM');
    await once(host.child, 'exit');
    await noKeys(redis);
  } finally {
    await stage.end();
    await redis.remove();
  }
});
