// The program is not the file that was started: a bin script, a process manager or `node -e` imports it. Its functions are exports of a
// module then, and a child that imported that module would run the program again.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { after, describe, test } from 'node:test';
import { type Ended, run } from './program.ts';

/** Inside the package, so that `multiproc` means the compiled package itself. */
const folder = resolve(`build/wrapped-${process.pid}`);
after(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;

/** Runs the first of these files, or node with `execArgv` alone; `runs` is how often the program said that it runs. */
async function start(files: Readonly<Record<string, string>>, execArgv?: readonly string[]) {
  const home = `${folder}/${count++}`;
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(`${home}/${name}`), { recursive: true });
    writeFileSync(`${home}/${name}`, text);
  }
  // A package finds it beside itself only.
  if (existsSync(`${home}/node_modules`)) symlinkSync(resolve('.'), `${home}/node_modules/multiproc`);
  const runs = `${home}/runs`;
  const main = execArgv === undefined ? `${home}/${Object.keys(files)[0]}` : '';
  const ended: Ended = await run(main, { cwd: home, execArgv: execArgv ?? [], env: { RUNS: runs } });
  const times = existsSync(runs) ? readFileSync(runs, 'utf8').trim().split('\n').length : 0;
  return { ...ended, times };
}

const ESM = `
import { appendFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { Pool, Process } from 'multiproc';
appendFileSync(process.env.RUNS, 'runs\\n');
`;
const MAIN = `
  await turn(); // the module has run by now
  const pool = new Pool(1);
  const out = await pool.map(work, [1, 2]);
  pool.close();
  await pool.join();
  const p = new Process({ target: work, args: [1] });
  p.start();
  await p.join();
  console.log(out.join(), p.exitCode);
}
main();
`;
const APP = `${ESM} export function work(n) { return n + 1; }\nexport async function main() {${MAIN}`;
const COMMON = `${APP.replace(/^import (.*) from (.*);$/gm, (_, names: string, from: string) => `const ${names.replace(' as ', ': ')} = require(${from});`).replaceAll('export ', '')}\nmodule.exports = { work, main };`;

describe('a program behind a wrapper runs once', () => {
  for (const [name, files, execArgv] of [
    ['bin script', { 'bin.mjs': `#!/usr/bin/env node\nimport './app.mjs';`, 'app.mjs': APP }],
    ['bin script of CommonJS', { 'bin.cjs': `import('./app.mjs');`, 'app.mjs': APP }],
    ['CommonJS behind CommonJS', { 'bin.cjs': `require('./app.cjs');`, 'app.cjs': COMMON }],
    ['CommonJS behind an ES module', { 'bin.mjs': `import './app.cjs';`, 'app.cjs': COMMON }],
    ['node -e', { 'app.mjs': APP }, ['-e', `import('./app.mjs')`]],
    ['two steps away', { 'bin.mjs': `import './more.mjs';`, 'more.mjs': `import './app.mjs';`, 'app.mjs': APP }],
    [
      'the pool is made in a module of its own',
      {
        'bin.mjs': `import './app.mjs';`,
        'app.mjs': APP.replace("'multiproc'", "'./pools.mjs'"),
        'pools.mjs': `export { Pool, Process } from 'multiproc';`,
      },
    ],
    [
      'installed as a package',
      {
        'bin.mjs': `import 'app';`,
        'node_modules/app/package.json': `{ "exports": "./app.mjs", "dependencies": { "multiproc": "*" } }`,
        'node_modules/app/app.mjs': APP,
      },
    ],
  ] as const) {
    test(`a program behind a wrapper runs once: ${name}`, async () => {
      const { stdout, stderr, times } = await start(files, execArgv);
      assert.equal(stdout, '2,3 0\n', stderr);
      assert.equal(times, 1);
    });
  }
});

test('a module without this library is loaded for its functions, once in each process', async () => {
  const files = {
    'main.mjs': `import { work } from './tasks.mjs'; import { Process } from 'multiproc'; const p = new Process({ target: work }); p.start(); await p.join(); console.log(p.exitCode);`,
    'tasks.mjs': `import { appendFileSync } from 'node:fs'; appendFileSync(process.env.RUNS, 'runs\\n'); export function work() {}`,
  };
  const { stdout, stderr, times } = await start(files);
  assert.equal(stdout, '0\n', stderr);
  assert.equal(times, 2);
});

test('modules that a hook inside the process has compiled need not be loaded again', async () => {
  const files = {
    'hook.cjs': `const { readFileSync } = require('node:fs');
      require.extensions['.ts'] = (module, file) => module._compile(readFileSync(file, 'utf8').replace(/: number/g, ''), file);
      require('./main.ts');`,
    'main.ts': `const { Process, Queue } = require('multiproc'); const { double, limits } = require('./lib.ts'); const lib = require('./lib.ts');
      const answers = new Queue();
      const p = new Process({ target: () => answers.putSync([double(2), limits.most, lib.double(3), lib.limits.most]) });
      p.start(); p.join().then(() => { const q = new Process({ target: double, args: [1] }); q.start(); q.join().then(() => console.log(answers.getNowait().join(), q.exitCode)); });`,
    'lib.ts': `exports.double = function (n: number): number { return n * 2; }; exports.limits = { most: 7 };`,
  };
  const { stdout, stderr } = await start(files);
  assert.equal(stdout, '4,7,6,7 0\n', stderr);
});

test('modules that a compiler has made CommonJS of, without a hook that shows, need not be loaded again', async () => {
  const files = {
    'compiler.cjs': `const { Module } = require('node:module'); const { runInThisContext } = require('node:vm'); const { readFileSync } = require('node:fs');
      const load = (filename) => {
        const module = (require.cache[filename] = Object.assign(new Module(filename), { filename, loaded: true }));
        const text = readFileSync(filename, 'utf8').replace(/: number|export /g, '');
        runInThisContext('(exports) => {' + text + 'Object.assign(exports, { double, limits }); }', { filename })(module.exports);
        return module.exports;
      };
      const { double, limits } = load(require('node:path').resolve(__dirname, 'lib/lib.ts'));
      const { Pool } = require('multiproc'); const pool = new Pool(1);
      pool.apply(double, [2]).then(async (four) => { console.log(four, await pool.apply(() => double(limits.most))); pool.terminate(); });`,
    'lib/package.json': '{ "type": "commonjs" }',
    'lib/lib.ts': `export function double(n: number): number { return n * 2; } export const limits = { most: 7 };`,
  };
  const { stdout, stderr } = await start(files);
  assert.equal(stdout, '4 14\n', stderr);
});

test('what the initializer sets is seen by tasks of a module that a loader or bundler has put into a function', async () => {
  const body = `const { Pool } = require('multiproc'); let connection; const cache = new Map();
    const pool = new Pool({ processes: 1, initializer: () => { connection = 'open'; cache.set(1, 2); } });
    pool.apply(() => [connection, cache.get(1)]).then((seen) => { console.log(seen.join()); pool.terminate(); });`;
  const files = {
    'main.cjs': `const { runInThisContext } = require('node:vm'); const load = (text) => runInThisContext(text, { filename: __filename + '.ts' });
      load(\`(function (exports, require, module, __filename, __dirname, more) { ${body} })\`)({}, require);
      load(\`({ './a.js': (__unused, __webpack_exports__, __webpack_require__) => { const require = __webpack_require__; ${body} } })\`)['./a.js'](0, 0, require);`,
  };
  const { stdout, stderr } = await start(files);
  assert.equal(stdout, 'open,2\nopen,2\n', stderr);
});

describe('what cannot be copied is loaded, and the program that starts again is stopped at once', () => {
  const SERVER = `import { createServer } from 'node:net'; const server = createServer(); export const work = () => new Promise((resolve) => setTimeout(resolve, 60_000, server));`;
  for (const [name, text] of [
    ['at once', `${ESM}${SERVER} export async function main() { const p = new Process({ target: work });`],
    ['later', `${ESM}${SERVER} export async function main() { await turn(); const p = new Process({ target: work });`],
  ] as const) {
    test(`what cannot be copied is loaded for a process that is made ${name}, and the program that starts again is stopped`, async () => {
      const app = `${text} await turn(); p.start(); await p.join(); console.log(p.exitCode); } main();`;
      const { stdout, stderr, times } = await start({ 'bin.mjs': `import './app.mjs';`, 'app.mjs': app });
      assert.equal(stdout, '1\n', stderr);
      assert.equal(times, 2);
      assert.match(stderr, /StateError: .*app\.mjs was loaded in this process for work, .*server.*isMainProcess/);
    });
  }

  test('what cannot be copied is loaded for a task of a pool, and the program that starts again is stopped', async () => {
    const app = `${ESM}${SERVER.replace('60_000', '0').replace(', server', ', server.listening')} export async function main() { await turn(); const pool = new Pool(1);
      await pool.apply(work).catch((error) => console.log(error.name, error.message)); pool.terminate(); } main();`;
    const { stdout, stderr, times } = await start({ 'bin.mjs': `import './app.mjs';`, 'app.mjs': app });
    assert.match(stdout, /^StateError .*app\.mjs was loaded in this process for work, .*isMainProcess.*\n$/, stderr);
    assert.equal(times, 2);
  });

  test('a module that says isMainProcess is loaded for what cannot be copied', async () => {
    const app = `${ESM.replace('Pool,', 'isMainProcess, Pool,')}${SERVER.replace(/=> .*/, '=> server.listening;')} export async function main() {${MAIN.replace('main();', 'if (isMainProcess) main();')}`;
    const { stdout, stderr, times } = await start({ 'bin.mjs': `import './app.mjs';`, 'app.mjs': app });
    assert.equal(stdout, 'false,false 0\n', stderr);
    assert.equal(times, 3);
  });
});

test('processes are not nested without end', async () => {
  const files = {
    'main.mjs': `import { appendFileSync } from 'node:fs'; import { Process, setSpareProcesses } from 'multiproc';
      async function nest() {
        appendFileSync(process.env.RUNS, 'runs\\n');
        setSpareProcesses(0);
        const p = new Process({ target: nest });
        p.start();
        await p.join();
        process.exitCode = p.exitCode;
      }
      await nest();`,
  };
  const { stderr, code, times } = await start(files);
  assert.equal(code, 1);
  assert.match(stderr, /StateError: Processes are nested 16 deep already.*isMainProcess/);
  assert.equal(times, 17);
});
