/** What is measured of every pool, ours and others', in the same way. */
import type { RunningPool } from './running-pool.ts';

/** Microseconds of one task at a time, the median of `count`, after as many as a warm-up: the first tasks of a program are measured by course.ts. */
export async function oneAtATime(pool: RunningPool, count: number): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) await pool.run(i);
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await pool.run(i);
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[count >> 1]! * 1000;
}

/** How often everything is done at least, and for how many ms, so that each engine has compiled what it will. */
const ROUNDS = 5;
const MS = 3000;

/** `count` per second of work that is given as a whole, the median of the rounds. */
export async function perSecond(count: number, work: () => PromiseLike<unknown>): Promise<number> {
  const times: number[] = [];
  for (let total = 0; times.length < ROUNDS || total < MS; total += times.at(-1) as number) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return (count / times.sort((a, b) => a - b)[times.length >> 1]!) * 1000;
}

/** Tasks per second of `count` that are all given before the first result is awaited. */
export function allAtOnce(pool: RunningPool, count: number): Promise<number> {
  return perSecond(count, () => Promise.all(Array.from({ length: count }, (_, i) => pool.run(i))));
}
