/** What is measured: the same work for each contender, under the same name. */

/** One row of the benchmark. */
export interface Scenario {
  readonly name: string;
  /** The work, as the table says it. */
  readonly work: string;
  /** What is compared with, as the table says it. */
  readonly against: string;
  /** Whose values those are: of several, the best counts. CPython alone if left out. */
  readonly others?: readonly Other[];
  /** How much work one run does: items, pairs or starts. */
  readonly count: number;
  /** How many runs of each contender make a round, 1 if left out. */
  readonly runs?: number;
  readonly unit: 'items/s' | 'tasks/s' | 'sections/s' | 'MB/s' | 'MB' | 'ms' | 'µs' | 'ns';
  /** What is asked of the two medians; `undefined` for a row that is shown only. */
  readonly demand: Demand | undefined;
}

/** Scenarios of our own contender that others are compared with. */
const own = [
  'pool-one-task',
  'own-array-sum',
  'queue-one-by-one',
  'message-port',
  'bare-resident',
  'bare-private',
] as const;

/** CPython, a bare start of Node, our own contender in another scenario, or a pool of npm. */
export type Other = 'cpython' | 'bare' | (typeof own)[number] | (typeof pools)[number];

export function isOwn(other: Other): boolean {
  return (own as readonly string[]).includes(other);
}

/**
 * `faster`: ours at least this many times theirs. `quicker`: ours at most theirs divided by this. `slower`: ours at most this many
 * times theirs, of times and of memory. `more`: ours at most theirs and so much more.
 */
export type Demand = { readonly kind: 'faster' | 'quicker' | 'slower' | 'more'; readonly limit: number };

const pools = ['piscina', 'tinypool', 'workerpool', 'poolifier'] as const;

const queue = "CPython's Queue";

export const scenarios: readonly Scenario[] = [
  {
    name: 'queue-int-sync',
    work: 'queue, small integers, one process to another, `putSync` and `getSync`',
    against: queue,
    count: 300_000,
    unit: 'items/s',
    demand: { kind: 'faster', limit: 40 },
  },
  {
    name: 'queue-int-await',
    work: 'the same with `await put` and `await get`',
    against: queue,
    count: 300_000,
    unit: 'items/s',
    demand: { kind: 'faster', limit: 15 },
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
    name: 'queue-objects-sync',
    work: 'queue, objects of 100 bytes, one process to another, `putSync` and `getSync`',
    against: queue,
    count: 500_000,
    unit: 'items/s',
    demand: { kind: 'faster', limit: 8 },
  },
  {
    name: 'queue-objects-port',
    work: 'the same objects with `await put` and `await get`',
    against: 'the `MessagePort` of a thread',
    others: ['message-port'],
    count: 500_000,
    unit: 'items/s',
    demand: { kind: 'faster', limit: 2 },
  },
  {
    name: 'queue-four',
    work: 'queue, small integers, four producers to four consumers, `putSync` and `getSync`',
    against: queue,
    count: 800_000,
    unit: 'items/s',
    demand: { kind: 'faster', limit: 10 },
  },
  {
    name: 'queue-many',
    work: '`putMany` and `getMany`, 256 small integers at once',
    against: '`put` and `get` one by one',
    others: ['queue-one-by-one'],
    count: 5_120_000,
    unit: 'items/s',
    demand: { kind: 'faster', limit: 3 },
  },
  {
    name: 'pipe-round-trip',
    work: '`pipe()`, a small integer there and back, `await send` and `await recv`, the median',
    against: "CPython's Pipe",
    count: 20_000,
    unit: 'µs',
    demand: { kind: 'quicker', limit: 3 },
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
    demand: { kind: 'quicker', limit: 2 },
  },
  {
    name: 'shared-array-sum',
    work: '`SharedArray` of 100 million float64, summed by two workers of a `Pool`',
    against: 'one process and its own `Float64Array`',
    others: ['own-array-sum'],
    count: 100_000_000,
    unit: 'ms',
    demand: { kind: 'slower', limit: 0.6 },
  },
  {
    name: 'lock-contended',
    work: 'contended `Lock`: two processes add to one number all the time',
    against: "CPython's Lock",
    count: 1_000_000,
    unit: 'sections/s',
    demand: { kind: 'faster', limit: 3 },
  },
  {
    name: 'event-sync',
    work: '`Event`, hand-over to another process, blocking, p50',
    against: "CPython's Event",
    count: 5_000,
    unit: 'µs',
    demand: { kind: 'quicker', limit: 2 },
  },
  {
    name: 'event-await',
    work: '`Event`, hand-over to another process, with promises, p50',
    against: "CPython's Event",
    count: 5_000,
    unit: 'µs',
    demand: { kind: 'quicker', limit: 2 },
  },
  {
    name: 'semaphore-sync',
    work: '`Semaphore`, hand-over to another process, blocking, p50',
    against: "CPython's Semaphore",
    count: 5_000,
    unit: 'µs',
    demand: { kind: 'quicker', limit: 2 },
  },
  {
    name: 'semaphore-await',
    work: '`Semaphore`, hand-over to another process, with promises, p50',
    against: "CPython's Semaphore",
    count: 5_000,
    unit: 'µs',
    demand: { kind: 'quicker', limit: 2 },
  },
  {
    name: 'manager-queue',
    work: '`manager.queue()`, a put and a get from one client, p50',
    against: "CPython's Manager().Queue()",
    count: 20_000,
    unit: 'µs',
    demand: { kind: 'quicker', limit: 3 },
  },
  {
    name: 'manager-first',
    work: 'the first 2,500 puts and gets of a program on `manager.queue()`, p50',
    against: "CPython's Manager().Queue()",
    count: 2500,
    unit: 'µs',
    demand: { kind: 'quicker', limit: 1 },
  },
  {
    name: 'condition-sync',
    work: '`Condition`, hand-over to another process, blocking, p50',
    against: "CPython's Condition",
    count: 5_000,
    unit: 'µs',
    demand: { kind: 'quicker', limit: 2 },
  },
  {
    name: 'condition-await',
    work: '`Condition`, hand-over to another process, with promises, p50',
    against: "CPython's Condition",
    count: 5_000,
    unit: 'µs',
    demand: { kind: 'quicker', limit: 2 },
  },
  {
    name: 'import',
    work: "start and end of a program with `import 'multiproc'`",
    against: 'the same without it',
    others: ['bare'],
    count: 1,
    runs: 5,
    unit: 'ms',
    demand: { kind: 'more', limit: 15 },
  },
  {
    name: 'pool-apply',
    work: '`await pool.apply(noop, [i])`, one at a time, p50',
    against: 'the fastest pool of Node',
    others: pools,
    count: 10_000,
    unit: 'µs',
    demand: { kind: 'quicker', limit: 3 },
  },
  {
    name: 'pool-apply-many',
    work: '20,000 times `applyAsync(noop)`, then all results',
    against: 'the best pool of Node, and CPython',
    others: [...pools, 'cpython'],
    count: 20_000,
    unit: 'tasks/s',
    demand: { kind: 'faster', limit: 8 },
  },
  {
    name: 'pool-map-single',
    work: '`map(noop, 100,000 items, { chunksize: 1 })`',
    against: "CPython's `Pool.map`",
    count: 100_000,
    unit: 'items/s',
    demand: { kind: 'faster', limit: 10 },
  },
  {
    name: 'pool-map',
    work: '`map` of 100,000 items with default chunks',
    against: "CPython's `Pool.map`",
    count: 100_000,
    unit: 'items/s',
    demand: { kind: 'faster', limit: 1.5 },
  },
  {
    name: 'pool-map-first',
    work: 'the first `map` of 100,000 items of a pool that has run one task',
    against: "CPython's `Pool.map`",
    count: 100_000,
    unit: 'ms',
    demand: { kind: 'quicker', limit: 2 },
  },
  {
    name: 'pool-two-tasks',
    work: 'two CPU-bound tasks of 2 s on two CPUs',
    against: 'one of them alone',
    others: ['pool-one-task'],
    count: 2000,
    unit: 'ms',
    demand: { kind: 'slower', limit: 1.05 },
  },
  {
    name: 'worker-resident',
    work: 'an idle worker of a `Pool` that has run a task: resident memory (`Rss`)',
    against: 'a bare child of `child_process.fork`',
    others: ['bare-resident'],
    count: 1,
    unit: 'MB',
    demand: { kind: 'slower', limit: 1.15 },
  },
  {
    name: 'worker-private',
    work: 'the same worker: the part of it that no other process shares',
    against: 'a bare child of `child_process.fork`',
    others: ['bare-private'],
    count: 1,
    unit: 'MB',
    demand: undefined,
  },
];
