/** `npm run bench -- hand-overs`: hand-overs from the first one on, and beside busy loops, against CPython. */
import { type Asked, type Company, companies, inCompany, parts } from './companies.ts';
import { spread, valuesOf, valuesOfCPython, withVariable } from './programs.ts';
import { median } from './report.ts';
import type { Point, Section } from './sections.ts';

interface Work {
  readonly work: string;
  /** The scenarios of ours, by what the row says of them. CPython has one way only, to block. */
  readonly ways: Readonly<Record<string, string>>;
  readonly cpython: string;
  /** The number of values in a program, and how many of them are the first ones. */
  readonly count: number;
  readonly first: number;
  readonly unit: 'µs' | 'items/s';
  readonly asked?: Asked;
}

const bothWays = (name: string) => ({ blocking: `${name}-sync-course`, 'with promises': `${name}-await-course` });

/** The end of the name of a way that is measured with polling switched off. */
const SLEEPING = ', polling off';

const FIRST = 1000;
const COUNT = 4000;
const PUTS = 2500;
const BURST = 100_000;
const BURSTS = 4;

const works: readonly Work[] = [
  {
    work: '`pipe()`, an integer there and back',
    ways: { 'with promises': 'pipe-round-trip-course', [`with promises${SLEEPING}`]: 'pipe-round-trip-course' },
    cpython: 'pipe-round-trip-course',
    count: COUNT,
    first: FIRST,
    unit: 'µs',
    asked: { 'one busy loop': { first: 1, later: 1 }, 'two busy loops': { first: 1, later: 1 } },
  },
  {
    work: '`manager.queue()`, a put and a get',
    ways: { 'with promises': 'manager-queue-course', [`with promises${SLEEPING}`]: 'manager-queue-course' },
    cpython: 'manager-queue-course',
    count: 3 * PUTS,
    first: PUTS,
    unit: 'µs',
    asked: {
      'no busy loop': { first: 1 },
      'one busy loop': { first: 1, later: 1 },
      'two busy loops': { first: 1, later: 1 },
    },
  },
  ...['Event', 'Semaphore', 'Condition'].map(
    (name): Work => ({
      work: `\`${name}\``,
      ways: bothWays(name.toLowerCase()),
      cpython: `${name.toLowerCase()}-sync-course`,
      count: COUNT,
      first: FIRST,
      unit: 'µs',
    }),
  ),
  {
    work: '`Queue`, an integer from one to the other',
    ways: { 'with promises': 'queue-hand-over-course' },
    cpython: 'queue-hand-over-course',
    count: COUNT,
    first: FIRST,
    unit: 'µs',
  },
  {
    work: '`Queue`, bursts of 100,000 integers',
    ways: { 'with promises': 'queue-int-await-course' },
    cpython: 'queue-int-await-course',
    count: BURST * BURSTS,
    first: 1,
    unit: 'items/s',
  },
];

export async function handOvers(rounds: number): Promise<Section> {
  const tables: string[] = [];
  const points: Point[] = [];
  for (const company of companies) {
    const rows: string[] = [];
    for (const work of works) {
      const { cpython, count } = work;
      const ours = Object.entries(work.ways).map(([way, scenario]) => {
        const run = () => valuesOf('contender.js', scenario, count);
        return [way, way.endsWith(SLEEPING) ? () => withVariable('MULTIPROC_POLLING', 'off', run) : run] as const;
      });
      const contenders = { ...Object.fromEntries(ours), cpython: () => valuesOfCPython(cpython, count) };
      const values = await inCompany(company, rounds, contenders);
      for (const [way] of ours) {
        rows.push(...rowsOf(work, way, values, work.asked?.[company]));
        if (work.unit === 'µs') points.push(...pointsOf(company, work, way, values));
      }
      console.log([company, ...rows.slice(-2 * ours.length)].join('\n'));
    }
    tables.push(`## ${company[0]!.toUpperCase()}${company.slice(1)}\n\n${HEAD}\n${rows.join('\n')}\n`);
  }
  const text = `Two processes that wait for each other, from the first time on. Each value is the median of a program; the tables have the median over programs, with the least and the most. *First* are the first
${FIRST.toLocaleString('en')} times (of the manager the first ${PUTS.toLocaleString('en')}, of the bursts the first one), *later* are all that follow, ${(COUNT - FIRST).toLocaleString('en')} (of the manager ${(2 * PUTS).toLocaleString('en')}, of the bursts ${BURSTS - 1}). In µs less is better, in items/s more is. A hand-over is half of a round trip;
a pipe's figure is there and back, a manager's is a put with its get. CPython can only block, so both of our ways are compared with the same programs. The contenders take turns and change places every round;
compared are the medians: how many times as quick multiproc is. *Polling off*: the program runs with \`MULTIPROC_POLLING=off\`, so that each wait really sleeps.
The busy loops are programs that keep one CPU busy each, started and ended by the benchmark.

${tables.join('\n')}
## Each program

Each point is the median of a program, so that what has two peaks is seen: where both processes come to share a CPU, and where each has its own.

![Medians of each program, by work and company](hand-overs.svg)
`;
  return { title: 'Hand-overs from the first one on, and on a busy machine', text, plots: { 'hand-overs': points } };
}

const HEAD = '| work | unit | multiproc | CPython | compared | asked |\n|---|---|---|---|---|---|';

function rowsOf(
  { work, unit, first }: Work,
  way: string,
  values: ReadonlyMap<string, readonly number[][]>,
  asked: Asked[keyof Asked] = {},
): string[] {
  const ours = parts(values.get(way)!, first);
  const theirs = parts(values.get('cpython')!, first);
  return (['first', 'later'] as const).map((part) => {
    const [mine, other] = [ours[part], theirs[part]];
    const digits = unit === 'µs' ? 1 : 0;
    const ratio = unit === 'µs' ? median(other) / median(mine) : median(mine) / median(other);
    const compared = Number.isNaN(ratio) ? '' : `${ratio.toFixed(2)} ×`;
    const least = asked[part] === undefined ? '' : `at least ${asked[part]} ×`;
    return `| ${work}, ${way}, ${part} | ${unit} | ${spread(mine, digits)} | ${spread(other, digits)} | ${compared} | ${least} |`;
  });
}

function pointsOf(
  company: Company,
  { work, first }: Work,
  way: string,
  values: ReadonlyMap<string, readonly number[][]>,
): Point[] {
  const name = `${work}, ${way}`.replaceAll('`', '');
  return Object.entries({ multiproc: way, CPython: 'cpython' }).flatMap(([contender, key]) =>
    Object.entries(parts(values.get(key)!, first)).flatMap(([part, found]) =>
      found.map((value) => ({ company, work: name, contender, part, value })),
    ),
  );
}
