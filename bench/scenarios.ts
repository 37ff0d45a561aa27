/** What is measured: the same work for each contender, under the same name. */

/** One row of the benchmark. */
export interface Scenario {
  readonly name: string;
  /** The work, as the table says it. */
  readonly work: string;
  readonly against: string;
  /** How much work one run does: items, pairs or starts. */
  readonly count: number;
  /** How many runs of each contender make a round, 1 if left out. */
  readonly runs?: number;
  readonly unit: 'items/s' | 'MB/s' | 'ms' | 'ns';
  /** What is asked of the two medians; `undefined` for a row that is shown only. */
  readonly demand: Demand | undefined;
}

/** `faster`: ours at least so many times theirs. `slower`: ours at most so many times theirs. `more`: ours at most theirs and so much more. */
export type Demand = { readonly kind: 'faster' | 'slower' | 'more'; readonly limit: number };

const queue = "CPython's Queue";

export const scenarios: readonly Scenario[] = [
  {
    name: 'queue-int-sync',
    work: 'queue, small integers, one process to another, `putSync` and `getSync`',
    against: queue,
    count: 300_000,
    unit: 'items/s',
    demand: { kind: 'faster', limit: 8 },
  },
  {
    name: 'queue-int-await',
    work: 'the same with `await put` and `await get`',
    against: queue,
    count: 300_000,
    unit: 'items/s',
    demand: { kind: 'faster', limit: 4 },
  },
  {
    name: 'queue-bytes-sync',
    work: 'queue, `Uint8Array` of 1 MiB, bound of 16, `putSync` and `getSync`',
    against: `${queue} of bytes`,
    count: 1000,
    unit: 'MB/s',
    demand: { kind: 'faster', limit: 8 },
  },
  {
    name: 'queue-bytes-await',
    work: 'the same with `await put` and `await get`',
    against: `${queue} of bytes`,
    count: 1000,
    unit: 'MB/s',
    demand: { kind: 'faster', limit: 8 },
  },
  {
    name: 'process-start-join',
    work: '`Process` start and join, spares warm',
    against: "CPython's fork",
    count: 10,
    unit: 'ms',
    demand: { kind: 'slower', limit: 1.5 },
  },
  {
    name: 'lock-uncontended',
    work: 'uncontended `acquireSync` and `release`',
    against: "CPython's Lock",
    count: 2_000_000,
    unit: 'ns',
    demand: { kind: 'slower', limit: 1 },
  },
  {
    name: 'import',
    work: "start and end of a program with `import 'multiproc'`",
    against: 'the same without it',
    count: 1,
    runs: 5,
    unit: 'ms',
    demand: { kind: 'more', limit: 25 },
  },
];
