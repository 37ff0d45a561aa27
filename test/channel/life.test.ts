import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Queue } from 'multiproc';
import { test } from '../cases.ts';
import { watchdog } from '../hang.ts';
import { heapBytes, inLine, start } from '../inside.ts';

/** Runs a program of `fixtures/` to its own end; answers what it printed. */
async function run(name: string): Promise<string> {
  const path = fileURLToPath(new URL(`./fixtures/${name}.js`, import.meta.url));
  const child = spawn(process.execPath, ['--expose-gc', path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  for await (const chunk of child.stdout) text += chunk;
  assert.equal(child.exitCode ?? (await new Promise((resolve) => child.once('exit', resolve))), 0);
  return text.trim();
}

test('a program that holds queues and has nothing left to do ends by itself', async () => {
  assert.equal(await run('holds-queues'), 'done');
});

test('a pending get keeps the program alive, until it is served', async () => {
  assert.equal(await run('waits-for-item'), 'got 5');
});

test('a thousand queues, used and closed or dropped, leave memory, descriptors and mappings at their level', async () => {
  const { heap, descriptors, mappings } = JSON.parse(await run('thousand-queues'));
  assert.ok(heap < 1e6, `${heap} bytes more in the heap`);
  assert.ok(descriptors <= 2, `${descriptors} descriptors more`);
  assert.ok(mappings === 0, `${mappings} mappings more`);
});

test('a loop of blocking gets of large binaries does not grow without bound', async () => {
  const { heap, rss } = JSON.parse(await run('sync-binaries'));
  assert.ok(heap < 400e6, `the heap grew to ${heap}`);
  assert.ok(rss < 900e6, `the program grew by ${rss}`);
});

test('a million items wait in an unbounded queue, and their memory is given back', async () => {
  const queue = new Queue<unknown>();
  const before = heapBytes();
  const text = 'z'.repeat(300);
  for (let i = 0; i < 1_000_000; i++) queue.putSync(i % 2 === 0 ? i : text);
  assert.equal(queue.qsize(), 1_000_000);
  const full = heapBytes();
  for (let i = 0; i < 1_000_000; i++) assert.equal(queue.getSync(), i % 2 === 0 ? i : text);
  // A store of warm memory stays for the next user.
  assert.ok(full - before > 150e6);
  assert.ok(heapBytes() - before < 140e6, `${heapBytes() - before} bytes kept of ${full - before}`);
});

const isLinux = process.platform === 'linux';

test('an idle family uses no CPU', { skip: !isLinux && 'only /proc tells the time of one process' }, async () => {
  const queue = new Queue<number>();
  using _ = watchdog('idle', 60, queue);
  const line = [];
  for (const wait of [(q: Queue<number>) => void q.getSync(), async (q: Queue<number>) => void (await q.get())]) {
    for (let i = 0; i < 2; i++) line.push(start(wait, queue));
  }
  await inLine(queue, 4, line);
  // What they do besides, such as compiling in the background, ends some time.
  for (let idle = 0; idle === 0; ) {
    const before = line.map(ticks);
    await setTimeout(1000);
    const after = line.map(ticks);
    if (after.every((n, i) => n - before[i]! <= 1)) idle++;
  }
  queue.shutdown({ immediate: true });
});

/** Clock ticks of CPU time that the process has used. */
function ticks({ pid }: { pid: number | undefined }): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
