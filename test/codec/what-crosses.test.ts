import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SerializationError } from '#dist/contracts/errors.js';
import { roundTrip } from './round-trip.ts';
import { rows } from './what-crosses.ts';

test('the table has rows of every kind', () => {
  const verdicts = new Set(rows().map((row) => row.verdict));
  assert.deepEqual([...verdicts].sort(), ['equal', 'error', 'refused', 'same']);
});

for (const { expression, verdict, make, check } of rows()) {
  test(`${expression} is ${verdict}`, () => {
    const value = make();
    if (verdict === 'refused') {
      assert.throws(() => roundTrip(value), SerializationError);
      assert.deepEqual(roundTrip([1, { a: 'fine' }]), [1, { a: 'fine' }]); // the encoder goes on
    } else check(value, roundTrip(value));
  });
}
