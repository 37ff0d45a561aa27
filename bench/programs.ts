/** Runs the benchmark's programs, each in a process of its own. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median } from './report.ts';

const here = fileURLToPath(new URL('.', import.meta.url));

/** Ends a program that does not come to its end by itself, after this many ms. */
const LONGEST = 120_000;

/** The values that a program of build/bench/ prints as JSON; `undefined`, and a word of it, where it fails: some pools lose a task now and then. */
export function valuesOf(program: string, ...args: readonly (string | number)[]): number[] | undefined {
  const { status, stdout, stderr } = spawnSync(process.execPath, [here + program, ...args.map(String)], {
    encoding: 'utf8',
    timeout: LONGEST,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (status === 0) return JSON.parse(stdout) as number[];
  console.log(`${program} ${args.join(' ')} ended with ${status}: ${stderr.slice(-300)}`);
  return undefined;
}

/** A median with least and most, as the tables say it. */
export function spread(values: readonly number[], digits = 0): string {
  if (values.length === 0) return '–';
  const say = (value: number): string => Number(value.toFixed(digits)).toLocaleString('en-US');
  return `${say(median(values))} (${say(Math.min(...values))} to ${say(Math.max(...values))})`;
}
