// Two threads on one CPU that wake each other by nothing but `Atomics.wait` and `Atomics.notify`: prints p50 of a hand-over, in µs.
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { pinThreads } from './pinned.ts';

const COUNT = 20_000;

const words = new Int32Array(isMainThread ? new SharedArrayBuffer(4) : (workerData as SharedArrayBuffer));

function play(me: 0 | 1): void {
  while (Atomics.load(words, 0) !== me) Atomics.wait(words, 0, 1 - me);
  Atomics.store(words, 0, 1 - me);
  Atomics.notify(words, 0);
}

if (!isMainThread) for (;;) play(1);
new Worker(fileURLToPath(import.meta.url), { workerData: words.buffer });
for (let i = 0; i < COUNT; i++) play(0);
pinThreads('one');
const times = Array.from({ length: COUNT }, () => {
  const start = performance.now();
  play(0);
  return performance.now() - start;
}).sort((a, b) => a - b);
console.log(JSON.stringify([(times[COUNT >> 1]! / 2) * 1000]));
process.exit();
