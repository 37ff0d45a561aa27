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

/** Tasks per second of `count` that are all given before the first result is awaited, after a tenth of them as a warm-up. */
export async function allAtOnce(pool: RunningPool, count: number): Promise<number> {
  const round = async (tasks: number): Promise<number> => {
    const start = performance.now();
    await Promise.all(Array.from({ length: tasks }, (_, i) => pool.run(i)));
    return performance.now() - start;
  };
  await round(count / 10);
  return (count / (await round(count))) * 1000;
}
