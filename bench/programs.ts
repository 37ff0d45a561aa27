/** Runs the benchmark's programs, each in a process of its own. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { newestCPython } from './cpython.ts';
import { median } from './report.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const python = fileURLToPath(new URL('../../bench/python/contender.py', import.meta.url));

/** Ends a program that does not come to its end by itself, after this many ms. */
const LONGEST = 120_000;

/** The values that a program of build/bench/ prints as JSON; `undefined`, and a word of it, where it fails: some pools lose a task now and then. */
export function valuesOf(program: string, ...args: readonly (string | number)[]): number[] | undefined {
  return printedBy(process.execPath, [here + program, ...args.map(String)]);
}

/** The values that the contender CPython prints of a scenario; `undefined` if there is none, or where it fails. */
export function valuesOfCPython(scenario: string, count: number): number[] | undefined {
  const file = newestCPython()?.file;
  return file === undefined ? undefined : printedBy(file, [python, scenario, String(count)]);
}

function printedBy(file: string, args: readonly string[]): number[] | undefined {
  const { status, stdout, stderr } = spawnSync(file, args, {
    encoding: 'utf8',
    timeout: LONGEST,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (status === 0) return JSON.parse(stdout) as number[];
  console.log(`${args.join(' ')} ended with ${status}: ${stderr.slice(-300)}`);
  return undefined;
}

/** Runs what starts programs with a variable in their environment. */
export function withVariable<T>(name: string, value: string, act: () => T): T {
  process.env[name] = value;
  try {
    return act();
  } finally {
    delete process.env[name];
  }
}

/**
 * What each contender gives, once a round. They take turns and change places every round, so that what disturbs the machine disturbs all of
 * them alike. A contender that fails in a round has no value of it.
 */
export function inTurns<T>(
  rounds: number,
  contenders: Readonly<Record<string, () => T | undefined>>,
): Map<string, T[]> {
  const names = Object.keys(contenders);
  const values = new Map(names.map((name): [string, T[]] => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const value = contenders[name]!();
      if (value !== undefined) values.get(name)!.push(value);
    }
  }
  return values;
}

/** A median with least and most, as the tables say it. */
export function spread(values: readonly number[], digits = 0): string {
  if (values.length === 0) return '–';
  const say = (value: number): string => Number(value.toFixed(digits)).toLocaleString('en-US');
  return `${say(median(values))} (${say(Math.min(...values))} to ${say(Math.max(...values))})`;
}
