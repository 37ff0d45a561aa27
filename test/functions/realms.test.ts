import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { Pool } from 'multiproc';

const pool = new Pool(1);
after(async () => {
  pool.terminate();
  await pool.join();
});

const cases: [text: string, result: unknown][] = [
  ['(x) => x + 1', 2],
  ['(function f(x) { return x + 1; })', 2],
  ['class A extends Array { two() { return 2; } }; (x) => new A().two() + x', 3],
  ['const { max } = Math; (x) => max(x, 2)', 2],
  [
    "const all = { n: 1, map: new Map([[1, 2]]), error: new TypeError('e') }; (x) => [x, all.map.get(1), all.error.message]",
    [1, 2, 'e'],
  ],
  ['const Mine = Promise; async (x) => await Mine.resolve(x)', 1],
  ['Math.sqrt', 1],
  [
    'class B { v = 4; }; const b = new B(); const f = function () { return this.v; }; f.prototype.z = 1; () => f.call(b)',
    4,
  ],
  ['const three = function* () { yield 3; }; () => [...three()]', [3]],
];
for (const [text, result] of cases) {
  test(`a function of another realm travels: ${text}`, async () => {
    assert.deepEqual(await pool.apply(runInNewContext(text), [1]), result);
  });
}
