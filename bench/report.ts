import { execFileSync } from 'node:child_process';
import { arch, availableParallelism, cpus, loadavg, release } from 'node:os';
import { rivals } from './rivals.ts';
import type { Demand, Other, Scenario } from './scenarios.ts';

/** What was measured of one scenario: one value for each fresh process, in the order of the rounds. */
export interface Result {
  readonly scenario: Scenario;
  readonly ours: readonly number[];
  readonly theirs: ReadonlyMap<Other, readonly number[]>;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** One result as a line for people who wait. */
export function lineOf(result: Result): string {
  const { scenario } = result;
  const { ours, theirs, compared, demanded, verdict } = figuresOf(result);
  return `${scenario.name}: ${ours} against ${theirs} ${scenario.unit}: ${compared} (asked: ${demanded}) ${verdict}`;
}

/** The load average of the last minute. */
export function loadNow(): string {
  return loadavg()[0]!.toFixed(1);
}

/** The page docs/benchmarks.md. */
export function pageOf(results: readonly Result[], around: string): string {
  const rows = results.map((result) => {
    const { work, against, unit } = result.scenario;
    const { ours, theirs, best, compared, demanded, verdict } = figuresOf(result);
    const which = result.theirs.size > 1 && best !== undefined ? `${against}: ${best}` : against;
    return `| ${work} | ${which} | ${ours} ${unit} | ${theirs} ${unit} | ${compared} | ${demanded} | ${verdict} |`;
  });
  const raw = results.flatMap(({ scenario, ours, theirs }) => [
    `| \`${scenario.name}\` | multiproc | ${ours.map(spell).join(', ')} |`,
    ...[...theirs].map(([other, values]) => {
      const name = theirs.size > 1 ? other : scenario.against;
      return `| | ${name} | ${values.map(spell).join(', ')} |`;
    }),
  ]);
  return `# Benchmarks

\`npm run bench\` measures all scenarios and writes this page. Each value comes from a new process that does the same work. The contenders
take turns and change places every round, and their medians are compared; the least and the most stand in brackets. Compare the ratios: absolute figures depend on the machine.

${around}

| work | against | multiproc | the other | compared | asked | |
|---|---|---|---|---|---|---|
${rows.join('\n')}

Pages of their own, each with its plots: [from nothing to the end](benchmarks/cold.md), [from the first task on, and on a busy machine](benchmarks/course.md), [hand-overs, the same](benchmarks/hand-overs.md),
[from one to another, by size](benchmarks/crossing.md), [many at a queue, and much in it](benchmarks/crowd.md), [the smallest task that is worth it](benchmarks/smallest.md), [whether a pool is ever stuck](benchmarks/stuck.md), [the portable platform](benchmarks/portable.md), [several machines](benchmarks/cluster.md).

## Plots

Pools from their first task on, alone and beside busy loops: the medians of each 3,000 tasks one at a time, and bursts of 20,000.

![Medians of each 3,000 tasks, by pool and company](benchmarks/course-apply.svg)
![Tasks per second of each burst of 20,000, by pool and company](benchmarks/course-all.svg)

Hand-overs between two processes, alone and beside busy loops: the median of each program.

![Medians of each program, by work and company](benchmarks/hand-overs.svg)

Queues, by the size of the items, by the number of producers and consumers, and by their depth.

![MB/s by the size of the items](benchmarks/crossing.svg)
![Items per second by the number of producers and consumers](benchmarks/crowd-pairs.svg)
![Items per second by the depth of the queue](benchmarks/crowd-depth.svg)

The smallest task for which two workers are quicker than the program itself.

![Times as quick as the program itself, by the length of the task](benchmarks/smallest.svg)

## Raw values

There is one value for each run. For \`process-start-join\`, a value is the median of ten starts.

| scenario | contender | values |
|---|---|---|
${raw.join('\n')}

## What is measured

- *Queues*: the consumer tells a producer in another process to start, and measures the time until it has the last item. A tenth of the items is
  sent before as a warm-up. CPython's \`Queue\` can only block, so both forms are compared with the same program. With four producers and four consumers, the time is that
  from the word to go until the last of them has ended. The \`MessagePort\` is that between a thread and its program.
- *Start and join*: an empty function, one process at a time, after the spares have become idle; CPython starts after 0.3 s of rest.
- *Lock*: uncontended, one process acquires and releases; contended, two processes acquire the lock, add 1 to a plain number in shared memory, and release the lock.
- *Hand-over*: half of a round trip between two processes that wait for each other.
- *First*: the first calls of a program, with code that no engine has compiled yet. The first tasks of pools are on the page [from the first task on](benchmarks/course.md), the first hand-overs on [theirs](benchmarks/hand-overs.md).
- *Pools*: two workers each, started and warm. The pools from npm run a worker file; multiproc and CPython receive the function.
  "One at a time" is the median time of a single task from call to result. For many tasks and items, the value is the median of
  the rounds in three seconds in one process, with at least five rounds.
- *Two tasks*: two workers in both cases; the other worker is idle while one task runs alone.
- *Shared array*: the median of five sums after three that are not counted, so that every process has mapped all pages and compiled its loop.
- *Memory*: of each of two idle children, from \`/proc/PID/smaps_rollup\`. Resident memory has the pages that all Nodes share, such as Node's own code; private memory
  (\`Private_Clean\` and \`Private_Dirty\`) is what one more worker takes from the machine.
- *Import*: the time from the start to the end of a program that does nothing else.
`;
}

/** Where and how it was measured, and what else the machine had to do. */
export function surroundings(rounds: number, python: string | undefined, before: string): string {
  const date = new Date().toISOString().slice(0, 10);
  const lines = [
    `Node ${process.version}, ${python === undefined ? 'no CPython was found' : `CPython ${python}`}, commit ${commit()}, ${date}, ${rounds} rounds.`,
    `Rivals: ${rivals()}.`,
    `${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, Linux ${release().split('-')[0]} ${arch()}; load average ${before} before it began, and ${loadNow()} at its end, of which the benchmark makes up to 2, and the busy loops that it starts.`,
  ];
  return lines.join('\n');
}

function commit(): string {
  const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();
  try {
    const changed = git('status', '--porcelain', '--', 'src', 'bench', 'package.json') !== '';
    return git('rev-parse', '--short', 'HEAD') + (changed ? ' with changes' : '');
  } catch {
    return 'unknown';
  }
}

function figuresOf({ scenario, ours, theirs }: Result) {
  const mine = median(ours);
  const { demand } = scenario;
  // Of rates the highest is the best, of times the lowest.
  const sign = scenario.unit.endsWith('/s') ? 1 : -1;
  const [best, values = []] =
    [...theirs].filter(([, values]) => values.length > 0).sort(([, a], [, b]) => sign * (median(b) - median(a)))[0] ??
    [];
  const other = median(values);
  const measured = mine > 0 && other > 0;
  const compared = compare(demand?.kind, mine, other);
  const demanded = demand === undefined ? '' : spellDemand(demand);
  const verdict = !measured || demand === undefined ? '' : holds(demand, mine, other) ? 'met' : '**missed**';
  return {
    ours: spellAll(ours),
    theirs: spellAll(values),
    best,
    compared: measured ? compared : '',
    demanded,
    verdict,
  };
}

function compare(kind: Demand['kind'] | undefined, ours: number, theirs: number): string {
  if (kind === 'more') return `${spell(ours - theirs)} ms more`;
  return `${(kind === 'quicker' ? theirs / ours : ours / theirs).toFixed(2)} times`;
}

function spellDemand({ kind, limit }: Demand): string {
  if (kind === 'faster' || kind === 'quicker') return `at least ${limit} times`;
  return kind === 'slower' ? `at most ${limit} times` : `at most ${limit} ms more`;
}

function holds({ kind, limit }: Demand, ours: number, theirs: number): boolean {
  if (kind === 'faster') return ours / theirs >= limit;
  if (kind === 'quicker') return theirs / ours >= limit;
  return kind === 'slower' ? ours / theirs <= limit : ours - theirs <= limit;
}

/** A median with least and most. */
function spellAll(values: readonly number[]): string {
  if (values.length === 0) return '-';
  return `${spell(median(values))} (${spell(Math.min(...values))} to ${spell(Math.max(...values))})`;
}

/** Three digits that matter, more of large numbers. */
function spell(value: number): string {
  if (Number.isNaN(value)) return '-';
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
