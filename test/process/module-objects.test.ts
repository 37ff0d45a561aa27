// A queue or a lock that a module exports, or has at its top level, is the same in every process, whichever way a function comes by it.
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { after, describe, test } from 'node:test';
import { run } from './program.ts';

/** Inside the package, so that `multiproc` means the compiled package itself. */
const folder = resolve(`build/module-objects-${process.pid}`);
after(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(folder, { recursive: true });

const file = (name: string, text: string) => writeFileSync(`${folder}/${name}`, text);

file(
  'shared.mjs',
  `import { Queue, Lock, pipe, SharedValue, SharedArray } from 'multiproc';
  export const queue = new Queue();
  export const lock = new Lock();
  export const total = new SharedValue('int32');
  export const cells = new SharedArray('int32', 4);
  export const [there, here] = pipe();
  export const all = { queue, deep: { list: [queue] } };
  export const byName = new Map([['queue', queue]]);
  class Holder { queue = queue; put(n) { this.queue.putSync(n); } static put(n) { queue.putSync(n); } }
  export const holder = new Holder();
  export { Holder };
  class Hidden { static #queue = queue; static #own = new Queue(); static put(n) { Hidden.#queue.putSync(n); Hidden.#own.putSync(n); } static size() { return Hidden.#own.qsize(); } }
  class Block { static { const own = new Queue(); Block.put = (n) => { queue.putSync(n); own.putSync(n); }; Block.size = () => own.qsize(); } }
  export { Block, Hidden };
  export let late;
  export function open() { late = new Queue(); }
  export default queue;
  export function work(n) { queue.putSync(n); total.add(n); }
  export const tools = { work };
  export const inside = (n) => { const put = () => queue.putSync(n); put(); };`,
);
file('again.mjs', `export * from './shared.mjs'; export { default } from './shared.mjs';`);
file(
  'user.mjs',
  `import { queue } from './shared.mjs'; export function use(n) { queue.putSync(n); } export const list = [queue];`,
);
file(
  'shared.cjs',
  `const { Queue } = require('multiproc');
  const queue = new Queue();
  exports.queue = queue;
  exports.all = { queue };
  exports.work = (n) => queue.putSync(n);
  exports.viaExports = (n) => exports.queue.putSync(n);`,
);

const HEAD = `import { Process, Pool } from 'multiproc';
import queueByDefault, { all, Block, byName, cells, here, Hidden, Holder, holder, inside, late, lock, open, queue, there, tools, total, work } from './shared.mjs';
import * as shared from './shared.mjs';
import * as again from './again.mjs';
import { queue as queueAgain } from './again.mjs';
import { list, use } from './user.mjs';
import common, { queue as commonQueue, work as commonWork } from './shared.cjs';
const later = await import('./shared.mjs');
const put = queue.putSync.bind(queue);
const { putSync } = queue;
const inChild = async (target, ...args) => { const p = new Process({ target, args }); p.start(); await p.join(); return p.exitCode; };
`;

let count = 0;

async function prints(body: string, expected: string): Promise<void> {
  file(`main-${count}.mjs`, HEAD + body);
  const { stdout, stderr } = await run(`${folder}/main-${count++}.mjs`, { cwd: folder });
  assert.equal(stdout.trim(), expected, stderr);
}

describe('one object for the whole family', () => {
  for (const [name, statement] of [
    ['a captured import', 'queue.putSync(5)'],
    ['a default import', 'queueByDefault.putSync(5)'],
    ['an import that is exported again', 'queueAgain.putSync(5)'],
    ['a member of a namespace', 'shared.queue.putSync(5)'],
    ['a member of a namespace that exports again', 'again.queue.putSync(5)'],
    ['a namespace as a whole', "shared['que' + 'ue'].putSync(5)"],
    ['a namespace of import()', 'later.queue.putSync(5)'],
    ['inside of an imported object', 'all.queue.putSync(5)'],
    ['deeper inside', 'all.deep.list[0].putSync(5)'],
    ['in a Map', "byName.get('queue').putSync(5)"],
    ['in an instance', 'holder.put(5)'],
    ['in a static method', 'Holder.put(5)'],
    ['in an exported function', 'work(5)'],
    ['in a function inside of an exported function', 'inside(5)'],
    ['in a member of an exported object', 'tools.work(5)'],
    ['in a method that is bound to it', 'put(5)'],
    ['as `this` of a method', 'putSync.call(queue, 5)'],
    ['in a function of a module that imports it', 'use(5)'],
    ['in a list of a module that imports it', 'list[0].putSync(5)'],
  ] as const) {
    test(`the whole family has one object: ${name}`, () =>
      prints(`await inChild(() => { ${statement}; }); console.log(queue.qsize());`, '1'));
  }

  for (const cls of ['Hidden', 'Block'])
    test(`the whole family has one object: in the ${cls === 'Hidden' ? 'private static fields' : 'static block'} of a class`, () =>
      prints(`await inChild(() => { ${cls}.put(5); }); console.log(queue.qsize(), ${cls}.size());`, '1 1'));

  for (const fn of ['work', 'inside', 'tools.work', 'Holder.put', 'use', 'shared.work']) {
    test(`the whole family has one object: ${fn} itself is sent`, () =>
      prints(`await inChild(${fn}, 2); console.log(queue.qsize());`, '1'));
  }

  for (const statement of [
    'common.queue.putSync(1)',
    'common.all.queue.putSync(1)',
    'commonWork(1)',
    'common.viaExports(1)',
  ]) {
    test(`the whole family has one object: of a CommonJS module: ${statement}`, () =>
      prints(`await inChild(() => { ${statement}; }); console.log(commonQueue.qsize());`, '1'));
  }

  test('the whole family has one object: a lock', () =>
    prints(`lock.acquireSync(); console.log(await inChild(() => process.exit(lock.tryAcquire() ? 7 : 0)));`, '0'));
  test('the whole family has one object: shared numbers', () =>
    prints(
      'await inChild(() => { total.add(3); cells.view[1] = 4; }); console.log(total.value, cells.view[1]);',
      '3 4',
    ));
  test('the whole family has one object: an end of a pipe', () =>
    prints(`await inChild(() => { there.sendSync('hi'); }); console.log(here.recvSync());`, 'hi'));
  test('the whole family has one object: a variable that its module sets later', () =>
    prints('open(); await inChild(() => { late.putSync(1); }); console.log(late.qsize());', '1'));
  test('the whole family has one object: in a task of a pool', () =>
    prints(
      'const pool = new Pool(1); await pool.apply(() => { total.add(3); }); console.log(total.value); pool.terminate();',
      '3',
    ));
  test('the whole family has one object: in a thread', () =>
    prints(
      `const { getContext } = await import('multiproc'); const p = new Process({ target: () => { work(2); }, context: getContext('thread') }); p.start(); await p.join(); console.log(queue.qsize(), total.value);`,
      '1 2',
    ));
});

test('functions of one module share its variables, also with who imports them', async () => {
  file('counter.mjs', `import 'multiproc'; export let count = 0; export function bump() { count++; }`);
  await prints(
    `const { bump, count } = await import('./counter.mjs'); console.log(await new Pool(1).apply(() => { bump(); bump(); return 1; })); process.exit();`,
    '1',
  );
  file(
    `importer.mjs`,
    `import { Pool } from 'multiproc'; import { bump, count } from './counter.mjs'; bump();
    const pool = new Pool(1); console.log(await pool.apply(() => { const before = count; bump(); bump(); return [before, count]; }).then(String)); pool.terminate();`,
  );
  const { stdout, stderr } = await run(`${folder}/importer.mjs`, { cwd: folder });
  assert.equal(stdout.trim(), '1,3', stderr);
});

test('what its module assigns to is seen through a namespace, too, and what a worker has made of it stays', async () => {
  file(
    'state.mjs',
    `import 'multiproc'; export let n = 1; export let list = [1]; export const fixed = 5;
    export function set(value) { n = value; list = [value]; } export function bump() { n++; }`,
  );
  file(`state-again.mjs`, `export * from './state.mjs';`);
  file(
    `state-main.mjs`,
    `import { Pool } from 'multiproc'; import * as state from './state.mjs'; import * as again from './state-again.mjs';
    const pool = new Pool(1); const key = 'n';
    const look = () => [state.n, state.list[0], state.fixed, again.n, state[key]].join('');
    const out = [await pool.apply(look)];
    state.set(2); out.push(await pool.apply(look));
    out.push(await pool.apply(() => { state.bump(); return look(); }), await pool.apply(look));
    out.push(await pool.apply(() => { const { n } = state; state.set(7); return [n, again.n].join(''); }), await pool.apply(look));
    state.set(9); out.push(await pool.apply(look), state.n);
    console.log(out.join(' ')); pool.terminate();`,
  );
  const { stdout, stderr } = await run(`${folder}/state-main.mjs`, { cwd: folder });
  assert.equal(stdout.trim(), '11511 22522 32533 32533 37 77577 99599 9', stderr);
});

test('a module that a task imports or requires makes no second one', async () => {
  file(
    'made.mjs',
    `import { Lock } from 'multiproc'; export const lock = new Lock(); export const make = () => new Lock();`,
  );
  file('made-late.mjs', `import { Lock } from 'multiproc'; await null; export const lock = new Lock();`);
  file('made.cjs', `const { Lock } = require('multiproc'); exports.lock = new Lock();`);
  file('around.mjs', `import './made.mjs';`);
  file('hidden.mjs', `export const load = (name) => import(name);`);
  file(
    'makes-in-functions.mjs',
    `import { Lock, Pool } from 'multiproc'; export const pool = new Pool(1); export const make = () => new Lock().locked();`,
  );
  file(
    'made-main.mjs',
    `import { Pool, getContext } from 'multiproc'; import { createRequire } from 'node:module'; import { load } from './hidden.mjs';
    const require = createRequire(import.meta.url); const made = import.meta.resolve('./made.mjs');
    for (const context of [undefined, getContext('thread')]) {
      const pool = context === undefined ? new Pool(1) : new context.Pool(1);
      for (const task of [() => import('./made.mjs'), () => import('./made-late.mjs'), () => require('./made.cjs').lock.locked(), () => import('./around.mjs'), () => load(made)])
        await pool.apply(task).then(() => console.log('loaded'), (error) => console.log(error.name, error.message));
      console.log(await pool.apply(async () => (await import('./makes-in-functions.mjs')).make()));
      pool.terminate();
    }`,
  );
  const { stdout, stderr } = await run(`${folder}/made-main.mjs`, { cwd: folder });
  const lines = stdout.trim().split('\n');
  assert.equal(lines.length, 12, stdout + stderr);
  for (const [i, line] of lines.entries()) {
    if (i % 6 === 5) assert.equal(line, 'false');
    else
      assert.match(
        line,
        /^StateError .*(made|around)[\w-]*\.[cm]js was loaded .* makes a Lock.* Pass the Lock as an argument/,
      );
  }
});

test('a function is refused where it is sent if the family could not have one object', async () => {
  file(
    'mixed.mjs',
    `import { Lock } from 'multiproc'; import { createServer } from 'node:net'; const server = createServer();
    export const lock = new Lock(); export const both = { lock, server }; export function work() { return [lock.locked(), server.listening]; }`,
  );
  file(
    `mixed-main.mjs`,
    `import { Process } from 'multiproc'; import { both, work } from './mixed.mjs';
    for (const target of [work, () => both.lock]) { try { new Process({ target }).start(); } catch (error) { console.log(error.name, error.message); } }`,
  );
  const { stdout, stderr } = await run(`${folder}/mixed-main.mjs`, { cwd: folder });
  const lines = stdout.trim().split('\n');
  assert.equal(lines.length, 2, stdout + stderr);
  for (const [i, name] of ['work', 'both'].entries()) {
    assert.match(
      lines[i]!,
      /^SerializationError .*server.*mixed\.mjs.*makes a Lock \(lock\).*Pass lock as an argument/,
    );
    assert.match(lines[i]!, new RegExp(`move ${name} to a module`));
  }
});

/** Modules with a function that cannot be copied, by what else their top level does; `lock` is the object that none may have twice. */
const imported =
  "import * as mp from 'multiproc'; import { Lock } from 'multiproc'; import { createServer } from 'node:net';";
const required = "const mp = require('multiproc'); const { Lock } = mp; const { createServer } = require('node:net');";
const certain: Record<string, string> = {
  'namespace.mjs': `${imported} export const lock = new mp.Lock();`,
  'later.mjs': `${imported} export let lock; { try { lock = new Lock(); } finally {} }`,
  'inside.mjs': `${imported} export const lock = Object.freeze([{ lock: new Lock() }])[0].lock;`,
  'static.mjs': `${imported} class Holder { static lock = new Lock(); } export const { lock } = Holder;`,
  'through.mjs': `${imported} import { lock } from './certain.cjs'; export { lock };`,
  'certain.cjs': `${required} const lock = new Lock(); exports.lock = lock;`,
  'namespace.cjs': `${required} exports.lock = new mp.Lock(); const { lock } = exports;`,
  'direct.cjs': `${required} const lock = new (require('multiproc').Lock)(); exports = module.exports = { lock };`,
  'through.cjs': `${required} const { lock } = require('./certain.cjs'); exports.lock = lock;`,
};
const conditional: Record<string, string> = {
  'if.mjs': `${imported} export let lock; if (process.pid > 0) lock = new Lock();`,
  'choice.mjs': `${imported} export const lock = process.pid > 0 ? new Lock() : undefined;`,
  'function.mjs': `${imported} const make = () => new Lock(); export const lock = make();`,
  'loop.mjs': `${imported} export const locks = []; for (let i = 0; i < 2; i++) locks.push(new Lock()); export const lock = locks[1];`,
  'if.cjs': `${required} let lock; if (process.pid > 0) lock = new Lock(); exports.lock = lock;`,
  'return.cjs': `${required} if (process.pid === 0) return; const lock = new Lock(); exports.lock = lock;`,
  'function.cjs': `${required} const make = () => new Lock(); const lock = make(); exports.lock = lock;`,
};

/** What a pool of processes and one of threads say of a task of each of these modules. */
async function answersOf(modules: Record<string, string>): Promise<string[]> {
  for (const [name, text] of Object.entries(modules)) {
    const work = '() => [lock.locked(), server.listening]';
    const exported = name.endsWith('.mjs') ? `export const work = ${work};` : `exports.work = ${work};`;
    file(name, `${text} const server = createServer(); ${exported}`);
  }
  file(
    'answers.mjs',
    `import { Pool, ThreadPool } from 'multiproc';
    for (const name of ${JSON.stringify(Object.keys(modules))}) {
      const { lock, work } = (await import('./' + name)).work ? await import('./' + name) : (await import('./' + name)).default;
      for (const pool of [new Pool(1), new ThreadPool(1)]) {
        const called = pool.apply(work).then(() => 'worked', (error) => error.name + ' ' + error.message);
        console.log(name, pool.pids.length === 0 ? 'at once:' : 'there:', (await called).replaceAll('\\n', ' '));
        pool.terminate();
      }
    }`,
  );
  const { stdout, stderr } = await run(`${folder}/answers.mjs`, { cwd: folder });
  const lines = stdout.trim().split('\n');
  assert.equal(lines.length, 2 * Object.keys(modules).length, stdout + stderr);
  return lines;
}

test('a function whose module certainly makes a second object is refused where it is sent', async () => {
  for (const line of await answersOf(certain))
    assert.match(
      line,
      /^\S+ at once: SerializationError .*server.*makes a Lock.*another one.*Pass lock as an argument/,
    );
});

test('a function whose module makes a second object under a condition, or in a function, is refused there', async () => {
  for (const line of await answersOf(conditional))
    assert.match(line, /^\S+ there: StateError .*was loaded in this process for work.*makes a Lock.*Pass the Lock/);
});

test('a pool that is imported is refused where the function is sent', () =>
  Promise.resolve(
    file(
      'pool.mjs',
      `import { Pool } from 'multiproc'; export const pool = new Pool(1); export const run = (f) => pool.apply(f);`,
    ),
  ).then(async () => {
    file(
      'pool-main.mjs',
      `import { Process } from 'multiproc'; import { pool } from './pool.mjs';
        try { new Process({ target: () => pool.apply(() => 1) }).start(); } catch (error) { console.log(error.name, error.message); }`,
    );
    const { stdout, stderr } = await run(`${folder}/pool-main.mjs`, { cwd: folder });
    assert.match(stdout, /^SerializationError .*its variable pool is a Pool, which stays .*pool.wrap/, stderr);
  }));
