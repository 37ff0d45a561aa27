// Values of another realm (`vm` contexts; test runners have one for each file) are what they are by their brand, not by `instanceof`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { Queue } from 'multiproc';

const cases: [text: string, own: unknown][] = [
  ['({ a: 1, b: { c: [2] } })', { a: 1, b: { c: [2] } }],
  ['[1, , "two"]', Object.assign(new Array(3), { 0: 1, 2: 'two' })],
  ['new Map([[1, { two: 2 }]])', new Map([[1, { two: 2 }]])],
  ['new Set([1, [2]])', new Set([1, [2]])],
  ['new Date(5)', new Date(5)],
  ['/a.b/gi', /a.b/gi],
  ['new Error("e")', new Error('e')],
  ['new TypeError("t", { cause: 1 })', new TypeError('t', { cause: 1 })],
  ['new AggregateError([new RangeError("r")], "all")', new AggregateError([new RangeError('r')], 'all')],
  ['new Uint8Array([1, 2])', new Uint8Array([1, 2])],
  ['new Float64Array([0.5])', new Float64Array([0.5])],
  ['new BigInt64Array([-1n])', new BigInt64Array([-1n])],
  ['new Uint8Array([1, 2]).buffer', new Uint8Array([1, 2]).buffer],
  ['new DataView(new Uint8Array([1, 2]).buffer, 1)', new DataView(new Uint8Array([1, 2]).buffer, 1)],
  ['new Number(1)', Object(1)],
  ['new String("s")', Object('s')],
  ['new Boolean(false)', Object(false)],
  ['Object(2n)', Object(2n)],
];

for (const [text, own] of cases) {
  test(`what another realm made arrives as one of this realm: ${text}`, async () => {
    const theirs = runInNewContext(text);
    assert.notEqual(Object.getPrototypeOf(theirs), Object.getPrototypeOf(own));
    const queue = new Queue<unknown>();
    await queue.put(theirs);
    const arrived = await queue.get();
    assert.equal(Object.getPrototypeOf(arrived), Object.getPrototypeOf(own));
    assert.equal(String(arrived), String(own));
    if (own instanceof Error)
      assert.deepEqual([(arrived as Error).message, (arrived as Error).cause], [own.message, own.cause]);
    else assert.deepEqual(arrived, own);
  });
}

test('a promise of another realm is refused, as one of this realm is', async () => {
  await assert.rejects(new Queue<unknown>().put(runInNewContext('({ a: Promise.resolve(1) })')), /\.a.*[Pp]romise/);
});
