// Our queue with many at its ends, and with much in it: `node crowd.js pairs <n> <count>` prints items/s of small integers from n producers to n consumers;
// `node crowd.js depth <n>` prints the items/s that are put, and then taken, where n are there in between.
import { Barrier, Process, Queue } from 'multiproc';

function produce(items: Queue<number>, ready: Barrier, count: number): void {
  ready.waitSync();
  for (let i = 0; i < count; i++) items.putSync(i);
}

function consume(items: Queue<number>, ready: Barrier, count: number): void {
  ready.waitSync();
  for (let i = 0; i < count; i++) items.getSync();
}

async function pairs(n: number, count: number): Promise<number[]> {
  const items = new Queue<number>();
  const ready = new Barrier(2 * n + 1);
  const each = Math.floor(count / n);
  const all = [produce, consume].flatMap((target) =>
    Array.from({ length: n }, () => new Process({ target, args: [items, ready, each] })),
  );
  for (const p of all) p.start();
  await ready.wait();
  const start = performance.now();
  await Promise.all(all.map((p) => p.join()));
  return [((each * n) / (performance.now() - start)) * 1000];
}

function depth(n: number): number[] {
  const items = new Queue<number>();
  const put: number[] = [];
  const taken: number[] = [];
  const times = Math.max(3, Math.ceil(200_000 / n));
  for (let round = 0; round < times; round++) {
    const start = performance.now();
    for (let i = 0; i < n; i++) items.putSync(i);
    const middle = performance.now();
    for (let i = 0; i < n; i++) items.getSync();
    put.push(middle - start);
    taken.push(performance.now() - middle);
  }
  const middle = (values: number[]): number => (n / values.sort((a, b) => a - b)[values.length >> 1]!) * 1000;
  return [middle(put), middle(taken)];
}

const [, , what, n, count] = process.argv;
console.log(JSON.stringify(what === 'pairs' ? await pairs(Number(n), Number(count)) : depth(Number(n))));
