// `npm run bench`, `npm run bench -- lock queue` for some scenarios, `-- cluster`, `cold`, `course`, `crossing`, `crowd`, `hand-overs`, `portable`, `smallest` or `stuck` for a section, `-- --rounds=9`.
// Each section writes its page and plots in docs/benchmarks/; without a choice, docs/benchmarks.md is written too.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { newestCPython } from './cpython.ts';
import { lineOf, loadNow, median, pageOf, type Result, surroundings } from './report.ts';
import { isOwn, type Other, type Scenario, scenarios } from './scenarios.ts';
import { type Point, sections } from './sections.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../../', import.meta.url));

// Each Node would read and parse all of those at its start: 30 ms that are nobody's.
delete process.env.NODE_EXTRA_CA_CERTS;

const before = loadNow();
const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const rounds = Number(process.argv.find((word) => word.startsWith('--rounds='))?.slice('--rounds='.length) ?? 7);
const chosen = scenarios.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
const python = newestCPython();

/** Runs one contender in a process of its own: the values that it prints. */
function run(file: string, args: readonly string[]): number[] {
  const { status, stdout, error } = spawnSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (error !== undefined || status !== 0) throw error ?? new Error(`${file} ${args.join(' ')} ended with ${status}`);
  return JSON.parse(stdout) as number[];
}

/** Milliseconds from the start of a program to its end. */
function startOf(program: string): number {
  const start = performance.now();
  const { status } = spawnSync(process.execPath, [here + program], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`${program} ended with ${status}`);
  return performance.now() - start;
}

function measureOurs({ name, count }: Scenario): number {
  if (name === 'import') return startOf('start-with-import.js');
  return median(run(process.execPath, [`${here}contender.js`, name, String(count)]));
}

/** `undefined` where the other is not installed, or has not come to an end: some lose a task now and then. */
function measure(other: Other, { name, count }: Scenario): number | undefined {
  if (other === 'bare') return startOf('start-bare.js');
  if (isOwn(other)) return median(run(process.execPath, [`${here}contender.js`, other, String(count)]));
  if (other !== 'cpython') {
    try {
      return median(run(process.execPath, [`${here}pools/peer.js`, other, name, String(count)]));
    } catch (error) {
      console.log(`${other} failed: ${(error as Error).message}`);
      return undefined;
    }
  }
  if (python === undefined) return undefined;
  return median(run(python.file, [`${root}bench/python/contender.py`, name, String(count)]));
}

if (python === undefined) console.log('No CPython was found: its columns stay empty.');
const results: Result[] = [];
for (const scenario of chosen) {
  const { others = ['cpython'] } = scenario;
  const ours: number[] = [];
  const theirs = new Map(others.map((other): [Other, number[]] => [other, []]));
  for (let turn = 0; turn < rounds * (scenario.runs ?? 1); turn++) {
    if (turn % 2 === 0) ours.push(measureOurs(scenario));
    for (const [other, values] of theirs) {
      const value = measure(other, scenario);
      if (value !== undefined) values.push(value);
    }
    if (turn % 2 === 1) ours.push(measureOurs(scenario));
  }
  results.push({ scenario, ours, theirs });
  console.log(lineOf(results.at(-1)!));
}
if (words.length === 0) {
  writeFileSync(`${root}docs/benchmarks.md`, pageOf(results, surroundings(rounds, python?.version, before)));
}

const { href } = new URL('../../bench/plots.mjs', import.meta.url);
const { draw } = (await import(href)) as { draw(name: string, points: readonly Point[]): Promise<void> };
for (const [name, measureSection] of Object.entries(sections)) {
  if (words.length > 0 && !words.includes(name)) continue;
  const load = loadNow();
  const { title, text, plots } = await measureSection(rounds);
  for (const [plot, points] of Object.entries(plots)) await draw(plot, points);
  const page = `# ${title}\n\nMade by \`npm run bench -- ${name}\`. ${surroundings(rounds, python?.version, load)}\n\n${text}`;
  writeFileSync(`${root}docs/benchmarks/${name}.md`, page);
}
