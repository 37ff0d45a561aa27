/** `npm run bench -- course`: pools from their first task on, on a machine that has nothing else to do, and beside busy loops. */
import { type Asked, type Company, companies, inCompany, parts } from './companies.ts';
import { rivalPools } from './pools/running-pool.ts';
import { spread, valuesOf, valuesOfCPython, withVariable } from './programs.ts';
import { median } from './report.ts';
import type { Point, Section } from './sections.ts';

type Way = 'apply' | 'all' | 'map' | 'map-single';

interface Course {
  readonly work: string;
  readonly unit: 'µs' | 'tasks/s' | 'items/s';
  /** All others are rivals. */
  readonly ours: readonly string[];
  readonly rivals: readonly string[];
  readonly asked: Asked;
}

const SLEEPING = 'multiproc, polling off';
const CPYTHON = 'CPython';

const courses: Readonly<Record<Way, Course>> = {
  apply: {
    work: 'one at a time',
    unit: 'µs',
    ours: ['multiproc', SLEEPING, 'multiproc-threads'],
    rivals: rivalPools,
    asked: {
      'no busy loop': { first: 1, later: 3 },
      'one busy loop': { first: 1.5, later: 1.5 },
      'two busy loops': { first: 1, later: 1 },
    },
  },
  all: {
    work: '20,000 at once',
    unit: 'tasks/s',
    ours: ['multiproc', SLEEPING, 'multiproc-threads'],
    rivals: [...rivalPools, 'poolifier', CPYTHON],
    asked: {
      'no busy loop': { first: 2, later: 8 },
      'one busy loop': { first: 2, later: 2 },
      'two busy loops': { first: 2, later: 2 },
    },
  },
  'map-single': {
    work: '`map` of 20,000, `chunksize: 1`',
    unit: 'items/s',
    ours: ['multiproc'],
    rivals: [CPYTHON],
    asked: { 'no busy loop': { later: 10 } },
  },
  map: {
    work: '`map` of 100,000, default chunks',
    unit: 'items/s',
    ours: ['multiproc'],
    rivals: [CPYTHON],
    asked: { 'no busy loop': { first: 2, later: 1.5 } },
  },
};

const counts: Readonly<Partial<Record<Way, number>>> = { all: 20_000, 'map-single': 20_000, map: 100_000 };

export async function poolCourse(rounds: number): Promise<Section> {
  const points: Record<Way, Point[]> = { apply: [], all: [], 'map-single': [], map: [] };
  const rows: Record<Way, string[]> = { apply: [], all: [], 'map-single': [], map: [] };
  for (const company of companies) {
    for (const way of Object.keys(courses) as Way[]) {
      const { ours, rivals } = courses[way];
      const contenders = Object.fromEntries([...ours, ...rivals].map((name) => [name, () => measure(name, way)]));
      const values = await inCompany(company, rounds, contenders);
      for (const [pool, programs] of values) {
        for (const [program, found] of programs.entries()) {
          for (const [at, value] of found.entries()) points[way].push({ company, pool, program, at: at + 1, value });
        }
      }
      rows[way].push(...rowsOf(company, courses[way], values));
      console.log(rows[way].slice(-2).join('\n'));
    }
  }
  const tableOf = (way: Way) => `${headOf(courses[way])}\n${rows[way].join('\n')}\n`;
  const text = `A program makes a pool of two, runs one task so that a worker is there, and then 24,000 tasks one at a time (the median of each 3,000, in µs, less is better), or four bursts of 20,000
tasks (in tasks/s, more is better), or \`map\` four times (in items/s, more is better). *First* are the first 3,000, the first burst and the first \`map\`; *later* are all that follow. Each value is the median over
programs, with the least and the most. Compared are the medians: how many times as quick multiproc is as the best of the others. *Polling off*: the program runs with \`MULTIPROC_POLLING=off\`, so that each wait really sleeps.
Tinypool and workerpool have threads, or processes. The busy loops are programs that keep one CPU busy each, started and ended by the benchmark.

## One at a time, µs

${tableOf('apply')}
Each point is the median of 3,000 tasks of one program; what has two peaks, or stays high, is seen here:

![Medians of each 3,000 tasks, by pool and company](course-apply.svg)

## 20,000 at once, tasks/s

${tableOf('all')}
![Tasks per second of each burst of 20,000, by pool and company](course-all.svg)

## \`map\`, items/s

${tableOf('map-single')}
${tableOf('map')}`;
  const plots = { 'course-apply': points.apply, 'course-all': points.all };
  return { title: 'From the first task on, and on a busy machine', text, plots };
}

function measure(name: string, way: Way): number[] | undefined {
  if (name === CPYTHON) return valuesOfCPython(`pool-${way}-course`, counts[way]!);
  if (name !== SLEEPING) return valuesOf('pools/course.js', name, way);
  return withVariable('MULTIPROC_POLLING', 'off', () => valuesOf('pools/course.js', 'multiproc', way));
}

/** Pools that are measured for the table only are not compared. */
const compared = (ours: readonly string[]): readonly string[] => ours.filter((name) => name !== 'multiproc-threads');

function headOf({ ours, rivals }: Course): string {
  const against = compared(ours).map((name) => `${name}, against the best other`);
  const cells = ['machine', 'work', ...ours, ...rivals, ...against, 'asked'];
  return `| ${cells.join(' | ')} |\n|${'---|'.repeat(cells.length)}`;
}

function rowsOf(
  company: Company,
  { work, unit, ours, rivals, asked }: Course,
  values: ReadonlyMap<string, readonly number[][]>,
): string[] {
  return (['first', 'later'] as const).map((part) => {
    const of = (name: string): number[] => parts(values.get(name)!, 1)[part];
    const others = rivals.map((name) => median(of(name))).filter((value) => !Number.isNaN(value));
    const best = unit === 'µs' ? Math.min(...others) : Math.max(...others);
    const ratios = compared(ours).map((name) => {
      const mine = median(of(name));
      return `${(unit === 'µs' ? best / mine : mine / best).toFixed(2)} ×`;
    });
    const cells = [...ours, ...rivals].map((name) => spread(of(name)));
    const least = asked[company]?.[part];
    const demand = least === undefined ? '' : `at least ${least} ×`;
    return `| ${[company, `${work}, ${part}`, ...cells, ...ratios, demand].join(' | ')} |`;
  });
}
