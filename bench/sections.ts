/** Pages beside the table of scenarios, each with its plots: `npm run bench -- cluster`, `cold`, `course`, `crossing`, `crowd`, `hand-overs`, `portable`, `smallest`, `stuck`. */
import { type Measured, measureOnHosts } from './cluster/on-hosts.ts';
import { coldStart } from './cold-start.ts';
import { handOvers } from './hand-overs.ts';
import { poolCourse } from './pool-course.ts';
import { portable } from './portable.ts';
import { inTurns, spread, valuesOf } from './programs.ts';
import { median } from './report.ts';
import { stuck } from './stuck.ts';

/** A row of a plot's data. */
export type Point = Readonly<Record<string, number | string>>;

export interface Section {
  readonly title: string;
  readonly text: string;
  /** By the names of the plots in plots.mjs. */
  readonly plots: Readonly<Record<string, readonly Point[]>>;
}

/** By the word that chooses it. */
export const sections: Readonly<Record<string, (rounds: number) => Promise<Section>>> = {
  cluster,
  cold: async (rounds) => cold(rounds),
  course: poolCourse,
  crossing: async (rounds) => crossing(rounds),
  crowd: async (rounds) => crowd(rounds),
  'hand-overs': handOvers,
  portable: async (rounds) => portable(rounds),
  smallest: async (rounds) => smallest(rounds),
  stuck,
};

/** Tasks and objects of a cluster, against what stands below them. */
async function cluster(rounds: number): Promise<Section> {
  const all: Measured[][] = [];
  for (let round = 0; round < rounds; round++) all.push(await measureOnHosts());
  const rows = all[0]!.map(({ work, against, unit }, i) => {
    const ours = all.map((measured) => measured[i]!.ours);
    const others = all.map((measured) => measured[i]!.other);
    const ratio = median(all.map((measured) => measured[i]!.ours / measured[i]!.other));
    return `| ${work} | ${shown(ours)} ${unit} | ${against} | ${shown(others)} ${unit} | ${ratio.toPrecision(2)} × |`;
  });
  console.log(rows.join('\n'));
  const text = `One Redis server on a unix socket, which keeps nothing on the disk; the hosts, the workers of BullMQ and the program all run on this machine. Everything of ours is sealed, nothing of the others is.
The ratio is ours divided by the other's, the median over the rounds: in ms and s less is better, in tasks/s and items/s more is. BullMQ's worker has 50 jobs at once, ours two slots.

| work | multiproc | against | | ratio |
|---|---|---|---|---|
${rows.join('\n')}
`;
  return { title: 'Several machines', text, plots: {} };
}

function shown(values: readonly number[]): string {
  const text = (value: number) => (value < 10 ? value.toFixed(2) : String(Math.round(value)));
  return `${text(median(values))} (${text(Math.min(...values))} to ${text(Math.max(...values))})`;
}

/** Whole programs. */
function cold(rounds: number): Section {
  const table = coldStart(rounds);
  console.log(table);
  const text = `Whole programs, with the CPU of all their processes. The contenders take turns; what is compared is the median of the rounds' ratios, with the cheapest of those that are named for it.
NODE_EXTRA_CA_CERTS is unset: it would add the same 30 ms to each Node, and so make all of them look alike.

${table}`;
  return { title: 'From nothing to the end', text, plots: {} };
}

const ways = ['queue-sync', 'queue-await', 'message-port', 'send'] as const;
const sizes = [
  [1, 100_000],
  [100, 100_000],
  [1024, 50_000],
  [2 ** 14, 10_000],
  [2 ** 18, 1000],
  [2 ** 20, 300],
  [2 ** 22, 64],
  [2 ** 26, 4],
] as const;

/** `Uint8Array`s of all sizes, from one to another. */
function crossing(rounds: number): Section {
  const points: Point[] = [];
  const rows = sizes.map(([bytes, count]) => {
    const contenders = ways.map((way) => [way, () => valuesOf('crossing.js', way, bytes, count)?.[0]] as const);
    const values = inTurns(rounds, Object.fromEntries(contenders));
    for (const [way, found] of values) if (found.length > 0) points.push({ way, bytes, value: median(found) });
    const row = `| ${bytes.toLocaleString('en-US')} | ${ways.map((way) => spread(values.get(way)!, 2)).join(' | ')} |`;
    console.log(row);
    return row;
  });
  const title = 'From one to another, by size';
  const text = `A \`Uint8Array\` again and again from a producer, in MB/s (more is better): our \`Queue\` to another process, with \`putSync\` and \`getSync\` and with \`await\`; \`postMessage\`
of a thread's \`MessagePort\`, copied, to another thread; and \`process.send\` of a child (\`serialization: 'advanced'\`). Queues have a bound of 1,024 items or 16 MiB.

| bytes | ${ways.join(' | ')} |
|---|---|---|---|---|
${rows.join('\n')}

![MB/s by the size of the items](crossing.svg)
`;
  return { title, text, plots: { crossing: points } };
}

/** Many at both ends of a queue, and many items in it. */
function crowd(rounds: number): Section {
  const pairs: Point[] = [];
  const depths: Point[] = [];
  const pairRows = [1, 2, 4, 8, 16].map((n) => {
    const values: number[] = [];
    for (let round = 0; round < rounds; round++) values.push(...(valuesOf('crowd.js', 'pairs', n, 200_000) ?? []));
    for (const value of values) pairs.push({ n, value });
    return `| ${n} | ${spread(values)} |`;
  });
  console.log(pairRows.join('\n'));
  const depthRows = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000].map((n) => {
    const put: number[] = [];
    const taken: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const [first, second] = valuesOf('crowd.js', 'depth', n) ?? [];
      if (first !== undefined) put.push(first);
      if (second !== undefined) taken.push(second);
    }
    if (put.length > 0) depths.push({ n, what: 'put', value: median(put) }, { n, what: 'get', value: median(taken) });
    return `| ${n.toLocaleString('en-US')} | ${spread(put)} | ${spread(taken)} |`;
  });
  console.log(depthRows.join('\n'));
  const title = 'Many at a queue, and much in it';
  const text = `Small integers through one \`Queue\` from a number of producers to as many consumers, each a process of its own, \`putSync\` and \`getSync\`, in items/s from the moment that all are there to the end
of the last process.

| producers, and consumers | items/s |
|---|---|
${pairRows.join('\n')}

![Items per second by the number of producers and consumers](crowd-pairs.svg)

A number of small integers put into a queue and then taken out again by the same process, in items/s.

| depth | put | get |
|---|---|---|
${depthRows.join('\n')}

![Items per second by the depth of the queue](crowd-depth.svg)
`;
  return { title, text, plots: { 'crowd-pairs': pairs, 'crowd-depth': depths } };
}

const lengths = [1, 2, 5, 10, 20, 50, 100, 200, 500] as const;
const doers = ['map', 'applyAsync', 'piscina'] as const;

/** How long a task must be for two workers to be quicker than the program itself. */
function smallest(rounds: number): Section {
  const points: Point[] = [];
  const rows = lengths.map((length) => {
    const cells = doers.map((doer) => {
      const values: number[] = [];
      for (let round = 0; round < rounds; round++) values.push(...(valuesOf('pools/smallest.js', doer, length) ?? []));
      if (values.length > 0) points.push({ doer, length, value: median(values) });
      return spread(values, 2);
    });
    console.log(`${length} µs: ${cells.join(' | ')}`);
    return `| ${length} | ${cells.join(' | ')} |`;
  });
  const least = doers.map((doer) => {
    const found = points.find((point) => point.doer === doer && (point.value as number) > 1);
    return `${doer}: ${found === undefined ? 'none of these' : `${found.length} µs`}`;
  });
  const title = 'The smallest task that is worth it';
  const text = `Tasks of some µs of arithmetic, given all at once to a pool of two that is warm, compared with a loop in the program itself: how many times as quick (2 is all that two CPUs can do).
Two workers beat one from here on: ${least.join(', ')}.

| task, µs | ${doers.map((doer) => (doer === 'piscina' ? 'piscina' : `multiproc, \`${doer}\``)).join(' | ')} |
|---|---|---|---|
${rows.join('\n')}

![Times as quick as the program itself, by the length of the task](smallest.svg)
`;
  return { title, text, plots: { smallest: points } };
}
