import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Pool } from 'multiproc';

const pool = new Pool(1);
after(async () => {
  pool.terminate();
  await pool.join();
});

type Exports = { cube(n: number): number };

test("Vite's import() is the real one again, from the root of the project or the file", async () => {
  const __vite_ssr_dynamic_import__ = (_: string): Promise<Exports> => Promise.reject(new Error('of the tool'));
  const task = async () => (await __vite_ssr_dynamic_import__('/test/environments/program/extra.mjs')).cube(3);
  assert.equal(await pool.apply(task), 27);
});

test('what leads to the modules of a bundle is refused, with what to do', async () => {
  const __webpack_require__ = (id: string): Exports => ({ cube: (n) => n ** id.length });
  const task = () => __webpack_require__('./extra.mjs').cube(3);
  await assert.rejects(pool.apply(task), /__webpack_require__.*import the module at the top of the file/);
});

test('what Turbopack gives to each module is refused under any name, with what to do', async () => {
  function Context() {}
  for (const member of ['A', 'i', 'r', 's', 'v']) Context.prototype[member] = () => undefined;
  const e = new (Context as unknown as new () => { A(id: number): Promise<Exports> })();
  const task = async () => (await e.A(10010)).cube(3);
  await assert.rejects(pool.apply(task), /it uses e, what its bundler has made of import.*at the top of the file/);
});

// As esbuild, Bun and rolldown write a module that is imported later.
let cube: Exports['cube'];
const extra = {};
Object.defineProperty(extra, 'cube', { get: () => cube, enumerable: true });
const run = (): void => {
  cube = (n) => n ** 3;
};
const load = () => {
  run();
  return extra as Exports;
};
const later = async () => (await Promise.resolve().then(load)).cube(3);

test('a module of the bundle that has not run yet is run by the task, in the process that a function is sent on to, too', async () => {
  assert.equal(await pool.apply(later), 27);
  const sendOn = async (task: typeof later) => {
    const inner = new Pool(1);
    const result = await inner.apply(task);
    inner.terminate();
    await inner.join();
    return result;
  };
  assert.equal(await pool.apply(sendOn, [later]), 27);
});
