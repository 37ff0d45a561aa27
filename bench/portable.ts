/** `npm run bench -- portable`: the portable platform, against the threads of the native platform and against piscina. */
import { fileURLToPath } from 'node:url';
import { inTurns, spread, valuesOf, withVariable } from './programs.ts';
import { median } from './report.ts';
import { scenarios } from './scenarios.ts';
import type { Section } from './sections.ts';
import { type Cost, costOf } from './whole-program.ts';

/** What is compared with the threads of the native platform, by the name of the scenario; `most` is how many times its time it may take. */
const shared: readonly { readonly name: string; readonly work: string; readonly most?: number }[] = [
  { name: 'lock-uncontended', work: 'a lock alone', most: 1.5 },
  { name: 'lock-contended', work: 'a lock that two threads want', most: 1.5 },
  { name: 'queue-int-sync', work: 'a queue between two threads, integers, blocking', most: 1.5 },
  { name: 'queue-int-await', work: 'the same with promises', most: 1.5 },
  { name: 'queue-objects-sync', work: 'objects of 100 bytes, blocking', most: 1.5 },
  { name: 'queue-objects-port', work: 'the same with promises', most: 1.5 },
  { name: 'queue-bytes-sync', work: '`Uint8Array` of 1 MiB, blocking' },
  { name: 'pipe-round-trip', work: 'a pipe, there and back, with promises' },
];

/** Hand-overs, where each thread has a CPU and where both share one. */
const handOvers: readonly { readonly name: string; readonly work: string }[] = [
  { name: 'event-sync', work: 'an `Event` handed over, blocking' },
  { name: 'event-await', work: 'the same with promises' },
  { name: 'semaphore-sync', work: 'a `Semaphore` handed over, blocking' },
  { name: 'semaphore-await', work: 'the same with promises' },
  { name: 'condition-sync', work: 'a `Condition` handed over, blocking' },
  { name: 'condition-await', work: 'the same with promises' },
];

const pools = [
  { name: 'pool-apply', work: '`ThreadPool.apply`, one at a time, p50', most: 1 },
  { name: 'pool-apply-many', work: '20,000 `applyAsync`, then all results', most: 1 / 3 },
] as const;

const platforms = ['native', 'portable'] as const;
const HEAD = '| work | unit | linux, threads | portable | time of portable | asked |\n|---|---|---|---|---|---|';
const HAND_OVER_HEAD =
  '| work | two CPUs: linux, threads | portable | time of portable | one CPU: linux, threads | portable | time of portable |\n|---|---|---|---|---|---|---|';
const POOL_HEAD =
  '| work | unit | piscina | linux, threads | portable | time of portable | asked |\n|---|---|---|---|---|---|---|';

export function portable(rounds: number): Section {
  const rows = shared.map(({ name, work, most }) => {
    const { native, portable } = taken(rounds, name, platforms);
    const row = `| ${work} | ${unitOf(name)} | ${shown(native!)} | ${shown(portable!)} | ${compared(name, portable!, native!, most)} |`;
    console.log(row);
    return row;
  });
  const handOverRows = handOvers.map(({ name, work }) => {
    const cells = (['two', 'one'] as const).map((cpus) => {
      const { native, portable } = taken(rounds, name, platforms, cpus);
      return `${shown(native!)} | ${shown(portable!)} | ${timesOf(name, portable!, native!)}`;
    });
    const row = `| ${work} | ${cells.join(' | ')} |`;
    console.log(row);
    return row;
  });
  const poolRows = pools.map(({ name, work, most }) => {
    const { native, portable, piscina } = taken(rounds, name, ['piscina', ...platforms]);
    const cells = [piscina, native, portable].map((values) => shown(values!));
    const row = `| ${work} | ${unitOf(name)} | ${cells.join(' | ')} | ${compared(name, portable!, piscina!, most)} |`;
    console.log(row);
    return row;
  });
  const whole = wholePrograms(rounds);
  console.log(whole.join('\n'));
  const text = `The same programs on both platforms, with two threads each; \`linux, threads\` is the native platform after \`setStartMethod('thread')\`. The contenders take turns and change places every round. Each cell has the median of the rounds, with
the least and the most; the time of portable is a multiple of the other's time, by the two medians: a rate counts as its inverse.

${HEAD}
${rows.join('\n')}

A hand-over, in µs, p50, at most 1.50 × asked. Each of the two threads is bound to a CPU of its own (\`taskset\`), or both to one.

${HAND_OVER_HEAD}
${handOverRows.join('\n')}

Where both threads share a CPU, only the native platform can give the CPU to the other thread without a sleep (\`sched_yield\`). On the portable platform each hand-over is a sleep and a wake-up, and \`Atomics.wait\` with \`Atomics.notify\` alone, without any code of multiproc,
takes ${bare(rounds)} µs for it.

Pools of two threads, against piscina with two threads; the time is a multiple of piscina's.

${POOL_HEAD}
${[...poolRows, ...whole].join('\n')}
`;
  return { title: 'The portable platform', text, plots: {} };
}

/** The values of each contender, one for each round. */
function taken(
  rounds: number,
  name: string,
  contenders: readonly string[],
  cpus: 'one' | 'two' | '' = '',
): Record<string, number[]> {
  const { count } = scenarios.find((scenario) => scenario.name === name)!;
  const measure = (each: string) => {
    const found =
      each === 'piscina'
        ? valuesOf('pools/peer.js', each, name, count)
        : on(each, () => valuesOf('contender.js', name, count, 'threads', cpus));
    return found && median(found);
  };
  const runs = contenders.map((each) => [each, () => measure(each)] as const);
  return Object.fromEntries(inTurns(rounds, Object.fromEntries(runs)));
}

/** Runs what starts programs with the platform that they must use. */
function on<T>(platform: string, act: () => T): T {
  return withVariable('MULTIPROC_PLATFORM', platform, act);
}

/** A pool of two threads from nothing to the end: CPU, and the clock. */
function wholePrograms(rounds: number): string[] {
  const folder = fileURLToPath(new URL('../../bench/cold/', import.meta.url));
  const run = (name: string): Cost => costOf(process.execPath, [`${folder}${name}.mjs`]);
  const contenders: Record<string, () => Cost> = {
    piscina: () => run('piscina'),
    native: () => on('native', () => run('thread-pool')),
    portable: () => on('portable', () => run('thread-pool')),
  };
  const names = Object.keys(contenders);
  const costs: Record<string, Cost[]> = Object.fromEntries(names.map((name) => [name, []]));
  // Once beforehand: compiled code is kept, and files are in memory.
  for (let round = -1; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const cost = contenders[name]!();
      if (round >= 0) costs[name]!.push(cost);
    }
  }
  return (['cpu', 'wall'] as const).map((kind) => {
    const cells = names.map((name) => shown(costs[name]!.map((cost) => cost[kind])));
    // Of each round, which disturbs all of them alike.
    const ratio = median(costs.portable!.map((cost, round) => cost[kind] / costs.piscina![round]![kind]));
    const work = `a pool of two from nothing to the end, ${kind === 'cpu' ? 'CPU' : 'the clock'}`;
    return `| ${work} | ms | ${cells.join(' | ')} | ${ratio.toFixed(2)} × | ${kind === 'cpu' ? 'at most 1.20 ×' : ''} |`;
  });
}

function unitOf(name: string): string {
  return scenarios.find((scenario) => scenario.name === name)!.unit;
}

function shown(values: readonly number[]): string {
  const largest = Math.max(...values);
  return spread(values, largest >= 100 ? 0 : largest >= 10 ? 1 : 2);
}

/** The time of ours as a multiple of theirs, and what is asked of it. */
function compared(name: string, ours: readonly number[], theirs: readonly number[], most: number | undefined): string {
  return `${timesOf(name, ours, theirs)} | ${most === undefined ? '' : `at most ${most.toFixed(2)} ×`}`;
}

function timesOf(name: string, ours: readonly number[], theirs: readonly number[]): string {
  const ratio = median(ours) / median(theirs);
  return `${(unitOf(name).endsWith('/s') ? 1 / ratio : ratio).toFixed(2)} ×`;
}

/** A hand-over on one CPU by nothing but `Atomics.wait` and `Atomics.notify`. */
function bare(rounds: number): string {
  return shown(Array.from({ length: rounds }, () => valuesOf('bare-hand-over.js') ?? []).flat());
}
