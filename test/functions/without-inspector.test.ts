// Functions that are sent where V8's inspector is not to be had: Node's permission model forbids it. Deno and Bun have none: test/elsewhere.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { folderWith } from '../folder.ts';

const run = promisify(execFile);
const folder = folderWith();

function write(name: string, text: string): string {
  mkdirSync(dirname(`${folder}/${name}`), { recursive: true });
  writeFileSync(`${folder}/${name}`, text);
  return `${folder}/${name}`;
}

for (const name of ['dist', 'package.json']) {
  cpSync(name, `${folder}/node_modules/multiproc/${name}`, { recursive: true });
}
for (const name of ['acorn', '@koromix'])
  symlinkSync(resolve(`node_modules/${name}`), `${folder}/node_modules/${name}`);
write('node_modules/pkg/package.json', '{ "name": "pkg", "type": "module", "exports": "./index.js" }');
write('node_modules/pkg/index.js', `export * from './deep.js';`);
write('node_modules/pkg/deep.js', 'export function deep(n) { return n + 100; }');

write(
  'tasks.mjs',
  `const k = 10;
export function plain(n) { return n * k; }
export const arrow = (n) => n + k;
export default async function (n) { return n - k; }
export const tools = { method(n) { return n / k; } };
export class Point { constructor(x) { this.x = x; } get doubled() { return this.x * 2; } static of(n) { return new Point(n).doubled; } }
function local(n) { return [n, k]; }
export { local as 'by another name' };
export let assigned = (n) => n;
const make = () => (n) => n + k;
export const [first, second] = [make(), make()];`,
);
write('again.mjs', `export * from './tasks.mjs';`);
write('old.cjs', 'exports.old = (n) => n - 1;');
write('lazy.mjs', 'export const lazily = (n) => n + 1000;');
// With a top-level await: it gives no namespace to who may not wait.
write(
  'late.mjs',
  `const k = await Promise.resolve(7);
export function late(n) { return n * k; }
export const arrow = (n) => n * k + 1;
function twin(n) { return n; }
const other = () => { function twin(n) { return n; } return twin; };
export { twin };
export const inner = other();`,
);

/** What each of the functions gives for 1 in a worker, or the words of its error. */
const program = (method: string) => `import { isMainProcess, Pool, Queue, setStartMethod } from 'multiproc';
import { arrow, plain, Point, tools } from './again.mjs';
import * as tasks from './tasks.mjs';
import * as late from './late.mjs';
import { deep } from 'pkg';
import old from './old.cjs';
export function own(n) { return n + 50; }
if (isMainProcess) {
  setStartMethod('${method}');
  const { lazily } = await import('./lazy.mjs');
  const pool = new Pool(1);
  const of = { plain, arrow, byDefault: tasks.default, method: tools.method, isStatic: Point.of, renamed: tasks['by another name'], second: tasks.second,
    deep, old: old.old, late: late.late, lateArrow: late.arrow, lazily, own, builtin: Math.sqrt, twin: late.twin, inner: late.inner, closure: (n) => n };
  const found = {};
  for (const [name, fn] of Object.entries(of)) {
    try { found[name] = await pool.apply(fn, [1]); } catch (error) { found[name] = error.name + ': ' + error.message; }
  }
  await pool.close();
  await pool.join();
  const queue = new Queue();
  queue.putSync([Point, plain]);
  const [there, same] = queue.getSync();
  found.here = [there === Point, same === plain];
  console.log(JSON.stringify(found));
}`;

const flags = process.allowedNodeEnvironmentFlags;
const permitted = [
  flags.has('--permission') ? '--permission' : '--experimental-permission',
  ...['--allow-fs-read=*', '--allow-fs-write=*', '--allow-worker', '--allow-child-process', '--allow-addons'],
  // Node takes pipes for sockets.
  ...(flags.has('--allow-net') ? ['--allow-net'] : []),
  '--no-warnings',
];

async function says(path: string): Promise<string> {
  // The file of this suite may have asked for the portable platform.
  const { stdout } = await run(process.execPath, [...permitted, path], { cwd: folder });
  return stdout;
}

for (const method of process.env.MULTIPROC_PLATFORM === 'portable' ? ['thread'] : ['spawn', 'thread']) {
  describe(`without the inspector, by ${method}`, () => {
    test(`without the inspector, by ${method}, exported functions and classes travel by their module and name, others are refused in a sentence`, async () => {
      const { twin, inner, closure, ...found } = JSON.parse(await says(write(`main-${method}.mjs`, program(method))));
      assert.deepEqual(found, {
        plain: 10,
        arrow: 11,
        byDefault: -9,
        method: 0.1,
        isStatic: 2,
        renamed: [1, 10],
        second: 11,
        deep: 101,
        old: 0,
        late: 7,
        lateArrow: 8,
        lazily: 1001,
        own: 51,
        builtin: 1,
        here: [true, true],
      });
      const refused = /^SerializationError: .*without V8's inspector.*export the function from a module/;
      // Two functions are written just so: which of them this is, nobody knows.
      for (const words of [twin, inner, closure]) assert.match(words, refused);
    });

    test(`without the inspector, by ${method}, a program without a guard is told what it does, and does not start itself again`, async () => {
      const unguarded = write(
        `unguarded-${method}.mjs`,
        `import { Pool, setStartMethod } from 'multiproc';
export function own(n) { return n; }
setStartMethod('${method}');
const pool = new Pool(1);
try { await pool.apply(own, [1]); } catch (error) { console.log(error.name + ': ' + error.message); }
pool.terminate();
await pool.join();`,
      );
      assert.match(
        await says(unguarded),
        /^(StateError|SerializationError): .*unguarded.*move own to a module that does not import multiproc/,
      );
    });

    test(`without the inspector, by ${method}, the exports of a CommonJS program travel while it runs`, async () => {
      const script = write(
        `main-${method}.cjs`,
        `const { isMainProcess, Pool, setStartMethod } = require('multiproc');
const k = 3;
exports.own = (n) => n * k;
if (isMainProcess) {
  setStartMethod('${method}');
  const pool = new Pool(1);
  pool.apply(exports.own, [1]).then(console.log, (error) => console.log(error.message)).then(() => { pool.terminate(); return pool.join(); });
}`,
      );
      assert.equal(await says(script), '3\n');
    });
  });
}
