// Uses popular packages in tasks: `npm run packages`, or `npm run packages -- zod axios` for some. Installs them into a temporary folder,
// runs each in a pool, and prints a table of what works, what is refused, and with what words. With --tested, those that the suite runs.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { libraries, made } from './popular-packages.mjs';

/** How long one may take, in ms. */
const LIMIT = 60_000;

/** The program that uses one: prints a line of JSON. */
export function programOf({ code, more = '', task }) {
  return `import { inspect } from 'node:util';
import { Pool } from 'multiproc';
${code}
${more}
const task = async () => ${task};
const pool = new Pool(1);
const result = {};
try {
  result.here = inspect(await task(), { depth: 9 });
  const started = performance.now();
  const there = pool.apply(task);
  result.blocked = Math.round(performance.now() - started);
  result.there = inspect(await there, { depth: 9 });
} catch (error) {
  result.error = error.name + ': ' + error.message;
  result.isRefused = error.name === 'SerializationError';
}
pool.terminate();
console.log('\\n' + JSON.stringify(result));
process.exit();
`;
}

/** What came of one: works, refused, or what is wrong with it. */
export function verdictOf({ refused = false }, { here, there, blocked, error, isRefused, ended }) {
  if (ended !== undefined) return ended;
  if (blocked > 10_000) return `WRONG: blocks for ${blocked} ms`;
  if (error === undefined) return here === there ? 'works' : `WRONG: ${there} in place of ${here}`;
  if (here === undefined) return `fails in the program itself: ${error}`;
  return isRefused && refused && /a module of its own/.test(error) ? `refused: ${error}` : `WRONG: ${error}`;
}

/** Runs one in a folder where its package is installed. */
export function tryOne(one, folder, number) {
  const file = join(folder, `use-${number}.mjs`);
  writeFileSync(file, programOf(one));
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--no-warnings', file], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    child.stdout.on('data', (text) => (output += text));
    child.stderr.on('data', (text) => (errors += text));
    const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      try {
        resolve(verdictOf(one, JSON.parse(output.trim().split('\n').at(-1))));
      } catch {
        resolve(verdictOf(one, { ended: `WRONG: ended with ${signal ?? code}: ${errors.slice(0, 300)}` }));
      }
    });
  });
}

/** Makes a folder with these packages and this library; undefined, and why, where they cannot be had. */
export function install(names, folder) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  const wanted = [...new Set(names)].filter((name) => !name.startsWith('node:'));
  const options = [
    '--no-audit',
    '--no-fund',
    '--no-package-lock',
    '--prefer-offline',
    '--legacy-peer-deps',
    '--loglevel=error',
  ];
  const { status, stderr } = spawnSync('npm', ['install', ...options, ...wanted], { cwd: folder, encoding: 'utf8' });
  if (status !== 0) return `npm cannot install them: ${stderr.slice(0, 500)}`;
  const own = join(folder, 'node_modules/multiproc');
  rmSync(own, { force: true });
  symlinkSync(resolve('.'), own);
  return undefined;
}

async function main(words) {
  const isWanted = ({ name, tested }) =>
    words.length === 0 || words.includes(name) || (words.includes('--tested') && tested);
  const all = [...libraries, ...made].filter(isWanted);
  const kept = process.env.PACKAGES_FOLDER;
  const folder = kept ?? mkdtempSync(join(tmpdir(), 'multiproc-packages-'));
  const problem = install(
    all.map(({ name }) => name),
    folder,
  );
  if (problem !== undefined) throw new Error(problem);
  const counts = new Map();
  let next = 0;
  const work = async () => {
    for (let i = next++; i < all.length; i = next++) {
      const one = all[i];
      const verdict = await tryOne(one, folder, i);
      const kind = /^\w+/.exec(verdict)[0];
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      console.log(`${one.name.padEnd(18)} ${(one.more ?? '').slice(0, 50).padEnd(50)} ${verdict}`);
    }
  };
  await Promise.all([work(), work()]);
  console.log([...counts].map(([kind, count]) => `${count} ${kind}`).join(', '));
  if (kept === undefined) rmSync(folder, { recursive: true });
  process.exitCode = counts.has('WRONG') ? 1 : 0;
}

if (process.argv[1] === import.meta.filename) await main(process.argv.slice(2));
