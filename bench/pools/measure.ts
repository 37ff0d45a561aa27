/** What is measured of every pool, ours and others', in the same way. */
import type { RunningPool } from './peers.ts';

/** Microseconds of one task at a time, the median of `count`, after a tenth of them as a warm-up. */
export async function oneAtATime(pool: RunningPool, count: number): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < count / 10; i++) await pool.run(i);
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await pool.run(i);
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[count >> 1]! * 1000;
}

/** How often tasks are given all at once, so that the engine has compiled what it will. */
const ROUNDS = 5;

/** `count` per second of work that is given as a whole, the median of some rounds. */
export async function perSecond(count: number, rounds: number, work: () => PromiseLike<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return (count / times.sort((a, b) => a - b)[rounds >> 1]!) * 1000;
}

/** Tasks per second of `count` that are all given before the first result is awaited. */
export function allAtOnce(pool: RunningPool, count: number): Promise<number> {
  return perSecond(count, ROUNDS, () => Promise.all(Array.from({ length: count }, (_, i) => pool.run(i))));
}
