/** `npm run bench -- cold`: whole programs, from nothing to the end. */
import { fileURLToPath } from 'node:url';
import { newestCPython } from './cpython.ts';
import { median } from './report.ts';
import { type Cost, costOf } from './whole-program.ts';

interface Program {
  readonly name: string;
  /** As the table says it. */
  readonly work: string;
  /** Those that its cost is a multiple of, the cheapest of them; or what it may cost beyond one, in milliseconds. */
  readonly against?: { readonly names: readonly string[]; readonly times?: number; readonly more?: number };
}

const pool = 'a pool of two, a task for each';

/** Each is a file in bench/cold/, and what it is given. */
const programs: readonly Program[] = [
  { name: 'empty.mjs', work: '`node` with an empty file' },
  { name: 'import.mjs', work: "the same with `import 'multiproc'`", against: { names: ['empty.mjs'], more: 15 } },
  { name: 'fork-one.mjs', work: '`node` that forks one empty `node`' },
  { name: 'fork-two.mjs', work: '`node` that forks two' },
  { name: 'process.mjs', work: 'multiproc, one `Process`', against: { names: ['fork-one.mjs'], times: 1.25 } },
  {
    name: 'pool.mjs',
    work: `multiproc, ${pool}`,
    against: { names: ['tinypool.mjs', 'workerpool.mjs'], times: 1.2 },
  },
  { name: 'pool.mjs 0', work: `multiproc, \`setSpareProcesses(0)\`, ${pool}` },
  { name: 'tinypool.mjs', work: `tinypool, \`child_process\`, ${pool}` },
  { name: 'workerpool.mjs', work: `workerpool, \`process\`, ${pool}` },
  { name: 'pool.py fork', work: `CPython, fork, ${pool}` },
  { name: 'pool.py spawn', work: `CPython, spawn, ${pool}` },
  {
    name: 'thread-pool.mjs',
    work: 'multiproc, `ThreadPool`, the same',
    against: { names: ['piscina.mjs'], times: 1.2 },
  },
  { name: 'piscina.mjs', work: 'piscina, the same' },
];

const folder = fileURLToPath(new URL('../../bench/cold/', import.meta.url));

/** Measures all of them in turns, for a number of rounds, and returns the table. */
export function coldStart(rounds: number): string {
  const python = newestCPython()?.file;
  const isPython = (name: string) => name.startsWith('pool.py');
  const measured = programs.filter(({ name }) => python !== undefined || !isPython(name));
  const costs = new Map(measured.map(({ name }): [string, Cost[]] => [name, []]));
  // Once beforehand: compiled code is kept, and files are in memory.
  for (let round = -1; round < rounds; round++) {
    for (const { name } of round % 2 === 0 ? measured : measured.toReversed()) {
      const [file, ...args] = name.split(' ');
      const cost = costOf(isPython(name) ? python! : process.execPath, [folder + file, ...args]);
      if (round >= 0) costs.get(name)!.push(cost);
    }
  }
  const rows = measured.map((program) => rowOf(program, costs));
  return `| program | CPU, ms (least to most) | wall, ms (least to most) | compared, CPU and wall | asked |\n|---|---|---|---|---|\n${rows.join('\n')}\n`;
}

function rowOf({ name, work, against }: Program, costs: ReadonlyMap<string, readonly Cost[]>): string {
  const cells = (['cpu', 'wall'] as const).map((kind) => {
    const values = costs.get(name)!.map((cost) => cost[kind]);
    return `${median(values).toFixed(0)} (${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)})`;
  });
  if (against === undefined) return `| ${work} | ${cells.join(' | ')} | | |`;
  const { more, times } = against;
  const compared = (['cpu', 'wall'] as const).map((kind) => {
    // Of each round, which disturbs all of them alike.
    const ratios = costs.get(name)!.map((cost, round) => {
      const theirs = Math.min(...against.names.map((other) => costs.get(other)![round]![kind]));
      return more === undefined ? cost[kind] / theirs : cost[kind] - theirs;
    });
    return more === undefined ? `${median(ratios).toFixed(2)} ×` : `${median(ratios).toFixed(0)} ms more`;
  });
  const asked = more === undefined ? `at most ${times} ×` : `at most ${more} ms more`;
  return `| ${work} | ${cells.join(' | ')} | ${compared.join(', ')} | ${asked} |`;
}
