import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { after, describe } from 'node:test';
import { build } from 'esbuild';
import { test } from '../cases.ts';
import { folderWith } from '../folder.ts';
import { type ProgramOptions, run } from './program.ts';

/** Inside the package, so that `multiproc` means the compiled package itself. */
const folder = resolve(`build/entry-${process.pid}`);
mkdirSync(folder, { recursive: true });
after(() => rmSync(folder, { recursive: true }));

const IMPORT = "import { Process, Queue } from 'multiproc';\nimport { appendFileSync } from 'node:fs';\n";
const REQUIRE = "const { Process, Queue } = require('multiproc');\nconst { appendFileSync } = require('node:fs');\n";
/** Says that it has been run, then has a child and a grandchild answer. */
const PROGRAM = `
appendFileSync(process.env.RUNS, 'run ');
const answers = new Queue();
let factor = 7;
class Job extends Process {
  run() { answers.putSync('job ' + factor * 6); }
}
function child(word) {
  answers.putSync(word);
  new Job().start();
}
const p = new Process({ target: child, args: ['hello'] });
p.start();
p.join().then(() => console.log(answers.getNowait(), answers.getNowait(), p.exitCode));
`;

let count = 0;

async function answers(file: string, options: ProgramOptions = {}) {
  const runs = `${folder}/runs-${count++}`;
  const { stdout, stderr } = await run(file === '' ? '' : `${folder}/${file}`, {
    cwd: folder,
    ...options,
    env: { RUNS: runs },
  });
  return { stdout, stderr, runs: existsSync(runs) ? readFileSync(runs, 'utf8') : '' };
}

async function works(file: string, options?: ProgramOptions): Promise<void> {
  const { stdout, stderr, runs } = await answers(file, options);
  assert.equal(stdout, 'hello job 42 0\n', stderr);
  assert.equal(runs, 'run ', 'the entry script was run again');
}

const typed = PROGRAM.replace('child(word)', 'child(word: string): void').replace('run() {', 'override run(): void {');
const stripsTypes = 'typescript' in process.features && Boolean(process.features.typescript);

describe('processes start from every kind of entry script, which is run once', () => {
  for (const [file, text, execArgv] of [
    ['esm.mjs', IMPORT + PROGRAM, []],
    ['module.js', IMPORT + PROGRAM, []],
    ['common.cjs', REQUIRE + PROGRAM, []],
    ['strict.cjs', `'use strict';\n${REQUIRE}${PROGRAM}`, []],
    ['typed.ts', IMPORT + typed, ['--import', 'tsx']],
    ['typed.mts', IMPORT + typed, ['--import', 'tsx']],
    ['typed.cts', IMPORT + typed, ['--import', 'tsx']],
    ['awaiting.mjs', `${IMPORT}await null;\n${PROGRAM}`, []],
    ['inspected.mjs', IMPORT + PROGRAM, ['--inspect=0']],
    ['profiled.mjs', IMPORT + PROGRAM, ['--cpu-prof', `--cpu-prof-dir=${folder}/prof`]],
  ] as const) {
    test(`processes start from ${[...execArgv.slice(0, 2), file].join(' ')}`, async () => {
      writeFileSync(`${folder}/${file}`, text);
      await works(file, { execArgv });
    });
  }

  test('processes start from TypeScript whose types node strips', {
    skip: !stripsTypes && 'this node does not',
  }, async () => {
    writeFileSync(`${folder}/stripped.ts`, IMPORT + typed);
    await works('stripped.ts');
  });

  test('processes start from node --input-type=module -e', () =>
    works('', { args: ['--input-type=module', '-e', IMPORT + PROGRAM] }));
  test('processes start from node -e', () => works('', { args: ['-e', REQUIRE + PROGRAM] }));
  test('processes start from standard input', () => works('', { args: ['-'], input: REQUIRE + PROGRAM }));
  test('processes start from standard input as a module', () =>
    works('', { args: ['--input-type=module', '-'], input: IMPORT + PROGRAM }));

  test('processes start from a path without its extension, from another directory', async () => {
    writeFileSync(`${folder}/short.js`, IMPORT + PROGRAM);
    await works('', { args: [`../${folder.split('/').at(-1)}/short`] });
  });

  test('processes start from a program bundled by esbuild, with the library outside', async () => {
    writeFileSync(`${folder}/source.mjs`, IMPORT + PROGRAM);
    for (const format of ['esm', 'cjs'] as const) {
      const outfile = `${folder}/bundle.${format === 'esm' ? 'mjs' : 'cjs'}`;
      const entryPoints = [`${folder}/source.mjs`];
      await build({ entryPoints, outfile, format, bundle: true, platform: 'node', external: ['multiproc'] });
      await works(`bundle.${format === 'esm' ? 'mjs' : 'cjs'}`);
    }
  });

  for (const format of ['esm', 'cjs'] as const) {
    test(`processes start from a program with the library inside the bundle: its files are found where it is installed (${format})`, async () => {
      const file = await bundle(format);
      await works(file);
      const elsewhere = folderWith();
      copyFileSync(`${folder}/${file}`, `${elsewhere}/${file}`);
      const { stderr } = await run(`${elsewhere}/${file}`, { cwd: elsewhere });
      assert.match(stderr, /Error: multiproc has been bundled.*install it there/);
    });
  }

  test('import and require, and all doors, give one instance', async () => {
    const text = `${IMPORT}import * as all from 'multiproc';
import { Queue as Local } from 'multiproc/queue';
import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
const same = Object.entries(all).every(([name, value]) => require('multiproc')[name] === value);
console.log(same, require('multiproc/queue').Queue === Local, Object.keys(require('multiproc')).length === Object.keys(all).length);`;
    writeFileSync(`${folder}/one-instance.mjs`, text);
    assert.equal((await answers('one-instance.mjs')).stdout, 'true true true\n');
  });
});

async function bundle(format: 'esm' | 'cjs'): Promise<string> {
  writeFileSync(`${folder}/source.mjs`, IMPORT + PROGRAM);
  const file = `inside.${format === 'esm' ? 'mjs' : 'cjs'}`;
  const entryPoints = [`${folder}/source.mjs`];
  await build({
    entryPoints,
    outfile: `${folder}/${file}`,
    format,
    bundle: true,
    platform: 'node',
    logLevel: 'silent',
  });
  return file;
}

describe('in a worker thread that another library made', () => {
  const thread = (body: string) => `
import { Worker, isMainThread } from 'node:worker_threads';
${IMPORT}
if (isMainThread) {
  appendFileSync(process.env.RUNS, 'main ');
  const worker = new Worker(new URL(import.meta.url));
  worker.on('message', (message) => { console.log(message); worker.terminate(); });
  worker.on('exit', () => console.log('thread is done'));
} else {
  const { parentPort } = await import('node:worker_threads');
  ${body}
}`;

  test('in a worker thread processes start, answer, and are joined with and without an event loop', async () => {
    const body = `${PROGRAM.replace('console.log(', 'console.log(process.pid === p.pid, ')}\np.joinSync();`;
    writeFileSync(`${folder}/thread.mjs`, thread(body));
    const { stdout, stderr, runs } = await answers('thread.mjs');
    assert.equal(stdout, 'false hello job 42 0\nthread is done\n', stderr);
    assert.equal(runs, 'main run ');
  });

  test('processes of a worker thread end with their thread, though the program goes on', async () => {
    const body = `
  const pids = new Queue();
  const spin = () => { pids.putSync(process.pid); for (;;); };
  new Process({ target: spin }).start();
  parentPort.postMessage('busy: ' + (await pids.get()));`;
    const text = thread(body).replace(
      "console.log('thread is done')",
      `{
    const stat = () => { try { return readFileSync('/proc/' + pid + '/stat', 'latin1'); } catch { return ') Z'; } };
    const timer = setInterval(() => { if (!/\\\\) [ZX]/.test(stat())) return; clearInterval(timer); console.log('gone'); }, 2);
  }`,
    );
    const named = text
      .replace('console.log(message);', 'pid = message.split(" ")[1]; console.log("busy");')
      .replace('if (isMainThread) {', "import { readFileSync } from 'node:fs';\nlet pid;\nif (isMainThread) {");
    writeFileSync(`${folder}/ending-thread.mjs`, named.replaceAll('\\\\)', '\\)'));
    const { stdout, stderr } = await answers('ending-thread.mjs');
    assert.equal(stdout, 'busy\ngone\n', stderr);
  });
});
