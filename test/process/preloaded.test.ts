// Modules that an option of node loads in each process of the program: what they have done in the program they must not repeat in a child.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { after, describe, test } from 'node:test';
import { type Ended, run } from './program.ts';

/** Inside the package, so that `multiproc` means the compiled package itself. */
const folder = resolve(`build/preloaded-${process.pid}`);
after(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

/** Runs a program with a module before it; `times` is how often that module has run. */
async function start(option: '--import' | '-r', preloaded: string, main: string): Promise<Ended & { times: number }> {
  const home = `${folder}/${count++}`;
  const extension = option === '-r' ? 'cjs' : 'mjs';
  const imports = (text: string) =>
    option === '-r' ? text.replace(/^import (.*?) from ('.*?');/gm, 'const $1 = require($2);') : text;
  const counting = `import { appendFileSync } from 'node:fs';\nappendFileSync('${home}/runs', '.');\n`;
  mkdirSync(home, { recursive: true });
  writeFileSync(`${home}/before.${extension}`, imports(counting + preloaded));
  writeFileSync(`${home}/main.${extension}`, imports(main));
  const ended = await run(`${home}/main.${extension}`, { cwd: home, execArgv: [option, `./before.${extension}`] });
  return { ...ended, times: readFileSync(`${home}/runs`, 'utf8').length };
}

/** A program with a task in a process and, as Node loads modules by `--import` in threads of any version, one in a thread. */
const WORKS = (option: string) => `import { Pool, ThreadPool } from 'multiproc';
for (const pool of [new Pool(1)${option === '-r' ? '' : ', new ThreadPool(1)'}])
  pool.apply(() => 'done').then(console.log, (error) => console.log(error.name)).finally(() => pool.terminate());`;

for (const option of ['--import', '-r'] as const) {
  const children = option === '-r' ? 1 : 2;
  describe(`a module that ${option} loads`, () => {
    for (const [what, text] of [
      ['a lock', 'new Lock();'],
      ['a pool', 'new Pool(1);'],
    ] as const) {
      test(`a module that ${option} loads makes no second ${what.slice(2)} in a child`, async () => {
        const preloaded = `import { Lock, Pool } from 'multiproc';\n${text}\n`;
        const { stdout, stderr } = await start(option, preloaded, WORKS(option));
        assert.equal(stdout, 'PoolBrokenError\n'.repeat(children), stderr);
        assert.match(
          stderr,
          /StateError: .*before\.\wjs was loaded in this process by an option of node.*(isMainProcess|file that node runs)/,
        );
      });
    }

    for (const when of ['at once', 'later']) {
      test(`a module that ${option} loads starts no process in a child, ${when}`, async () => {
        const body =
          'const p = new Process({ target: () => new Promise((r) => setTimeout(r, 60_000)) }); p.start(); p.join().then(() => console.log(p.exitCode));';
        const text = when === 'later' ? `setTimeout(() => { ${body} }, 1);` : body;
        const { stdout, stderr, times } = await start(option, `import { Process } from 'multiproc';\n${text}\n`, '');
        assert.equal(stdout, '1\n', stderr);
        assert.match(stderr, /StateError: .*before\.\wjs was loaded .* starts processes.*isMainProcess/);
        assert.equal(times, 2);
      });
    }

    test(`a module that ${option} loads may ask whether it runs in the program itself`, async () => {
      const preloaded = `import { isMainProcess, Lock, Pool } from 'multiproc';\nif (isMainProcess) new Pool(1).apply(() => new Lock().locked()).then(console.log);\n`;
      const { stdout, stderr } = await start(option, preloaded, WORKS(option));
      assert.deepEqual(stdout.split('\n').sort(), ['', ...Array(children).fill('done'), 'false'], stderr);
    });

    test(`a module that ${option} loads may print, also in a thread`, async () => {
      const { stdout, stderr } = await start(option, `console.log('before');\n`, WORKS(option));
      assert.equal(stderr, '');
      const each = (text: string, times: number) => Array<string>(times).fill(text);
      assert.deepEqual(stdout.split('\n').sort(), ['', ...each('before', children + 1), ...each('done', children)]);
    });
  });
}
