// What a task loads, in folders whose names mean something else in a URL.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';

/** Inside the package, so that `multiproc` means the compiled package itself. */
const scratch = resolve(`build/folder-names-${process.pid}`);
after(() => rmSync(scratch, { recursive: true }));

const everything = `a b#c?d%20e%f ü 日本 [i] (j)&k=l;m:n`;

/** Runs a program in a folder of this name, and returns what it prints. */
function says(name: string, main: string, text: string): unknown {
  const folder = join(scratch, name);
  mkdirSync(folder, { recursive: true });
  const files = {
    'extra.mjs': 'export const cube = (n) => n ** 3;',
    'other.cjs': 'exports.five = 5; exports.six = () => 6;',
    'lib.mjs': 'export function square(n) { return n * n; }',
    [main]: text,
  };
  for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content);
  const { stdout, stderr } = spawnSync(process.execPath, [main], { cwd: folder, encoding: 'utf8' });
  assert.match(stdout, /^\{.*\}\n$/, stderr);
  return JSON.parse(stdout);
}

/** Prints what each task of `tasks` returns in a worker, or its error. */
const print = `async function print(tasks) {
  const pool = new Pool(1);
  const results = {};
  for (const [name, task] of Object.entries(tasks)) results[name] = await pool.apply(task).catch((error) => error.message);
  pool.terminate();
  await pool.join();
  console.log(JSON.stringify(results));
}`;

describe('a folder of any name', () => {
  test('a folder of any name works for ES modules', () => {
    const text = `import { Pool } from 'multiproc';
import { square } from './lib.mjs';
import other from './other.cjs';
const { href } = new URL('./extra.mjs', import.meta.url);
await print({
  captured: () => square(3),
  exported: other.six,
  imports: async () => (await import('./extra.mjs')).cube(3),
  importsUrl: async () => (await import(href)).cube(3),
  where: () => [import.meta.url, import.meta.filename, import.meta.resolve('./extra.mjs')],
});
${print}`;
    const path = join(scratch, everything, 'main.mjs');
    const url = pathToFileURL(path).href;
    const where = [url, path, new URL('./extra.mjs', url).href];
    assert.deepEqual(says(everything, 'main.mjs', text), {
      captured: 9,
      exported: 6,
      imports: 27,
      importsUrl: 27,
      where,
    });
  });

  // Node itself loads CommonJS modules from the last two, and no ES modules.
  for (const name of [everything, 'back\\slash', 'two\nlines\tand tabs']) {
    test(`a folder of any name works for CommonJS modules: ${JSON.stringify(name)}`, () => {
      const text = `const { Pool } = require('multiproc');
const { six } = require('./other.cjs');
print({
  captured: () => six() + 1,
  exported: six,
  requires: () => require('./other.cjs').five,
  where: () => __filename,
});
${print}`;
      const where = join(scratch, name, 'main.cjs');
      assert.deepEqual(says(name, 'main.cjs', text), { captured: 7, exported: 6, requires: 5, where });
    });
  }

  // Vite encodes white space alone in the name of what it evaluates, and writes paths from the root of the project into import().
  for (const name of ['with spaces', everything])
    test(`a folder of any name works for text that Vite evaluates: ${name}`, () => {
      const text = `const { Pool } = require('multiproc');
const AsyncFunction = (async () => {}).constructor;
const text = \`const five = 5;
await print({
  closure: () => five,
  imports: async () => (await __vite_ssr_dynamic_import__('/extra.mjs')).cube(3),
  importsPath: async () => (await __vite_ssr_dynamic_import__(extra)).cube(3),
  importsAgain: async () => (await __vite_ssr_dynamic_import__('/extra.mjs?t=1')).cube(3),
});
//# sourceURL=\${__filename.replace(/\\s/g, encodeURIComponent)}\`;
new AsyncFunction('print', 'extra', '__vite_ssr_dynamic_import__', text)(print, __dirname + '/extra.mjs', () => {});
${print}`;
      const found = { closure: 5, imports: 27, importsPath: 27, importsAgain: 27 };
      assert.deepEqual(says(name, 'main.cjs', text), found);
    });
});
