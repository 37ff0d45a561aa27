// Whether two workers beat the program itself: `node smallest.js <contender> <µs>` prints how many times as quick they are with tasks of that length.
import { Pool } from 'multiproc';
import { startPeer, WORKERS } from './running-pool.ts';

/** Some arithmetic: the same in every process, and in compute-worker.mjs. */
function compute(rounds: number): number {
  let x = 1;
  for (let i = 0; i < rounds; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0;
  return x;
}

function millisecondsOf(rounds: number, times: number): number {
  const start = performance.now();
  for (let i = 0; i < times; i++) compute(rounds);
  return performance.now() - start;
}

/** Runs a number of tasks, each of a number of rounds, in its own quickest way. */
type Run = (rounds: number, times: number) => PromiseLike<unknown>;

async function start(name: string): Promise<{ run: Run; end: () => unknown }> {
  if (name === 'piscina') {
    const pool = await startPeer('piscina-compute');
    return {
      run: (rounds, times) => Promise.all(Array.from({ length: times }, () => pool.run(rounds))),
      end: pool.end,
    };
  }
  const pool = new Pool(WORKERS);
  const run: Run =
    name === 'map'
      ? (rounds, times) => pool.map(compute, new Array<number>(times).fill(rounds))
      : (rounds, times) => Promise.all(Array.from({ length: times }, () => pool.applyAsync(compute, [rounds])));
  return { run, end: () => pool.terminate() };
}

const [, , name = '', microseconds = ''] = process.argv;
millisecondsOf(1e6, 20);
const roundsPerMicrosecond = 2e7 / (millisecondsOf(1e6, 20) * 1000);
const rounds = Math.max(1, Math.round(Number(microseconds) * roundsPerMicrosecond));
const times = Math.min(20_000, Math.max(200, Math.round(100_000 / Number(microseconds))));
const { run, end } = await start(name);
for (let i = 0; i < 3; i++) await run(rounds, times);
const ratios: number[] = [];
for (let i = 0; i < 5; i++) {
  const alone = millisecondsOf(rounds, times);
  const start = performance.now();
  await run(rounds, times);
  ratios.push(alone / (performance.now() - start));
}
console.log(JSON.stringify([ratios.sort((a, b) => a - b)[2]]));
await end();
