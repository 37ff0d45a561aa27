import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';
import { ByteReader } from '#dist/codec/byte-reader.js';
import { ByteWriter } from '#dist/codec/byte-writer.js';
import { readInts } from '#dist/codec/number-arrays.js';
import { roundTrip, send } from './round-trip.ts';

const numbers = (length: number, make: (i: number) => number): number[] => Array.from({ length }, (_, i) => make(i));

test('arrays of many numbers cross unchanged, whatever numbers, however many', () => {
  const makers = [
    (i: number) => i,
    (i: number) => -i * 1_000_003,
    (i: number) => (i % 2 === 0 ? 2 ** 31 - 1 : -(2 ** 31)),
    (i: number) => i / 3,
    (i: number) => i * 2 ** 32,
    () => -0,
    () => Number.NaN,
    (i: number) => (i === 40 ? Number.NEGATIVE_INFINITY : i),
  ];
  for (const length of [31, 32, 33, 1023, 1024, 1025, 2048, 70_000]) {
    for (const make of makers) {
      const array = numbers(length, make);
      assert.deepStrictEqual(roundTrip(array), array);
    }
  }
});

test('an integer takes four bytes, another number eight', () => {
  assert.ok(send(numbers(1000, (i) => i)).bytes.length < 4016);
  assert.ok(send(numbers(1000, (i) => i + 0.5)).bytes.length < 8016);
});

test('what is not all numbers crosses as ever', () => {
  const holes = numbers(100, (i) => i);
  delete holes[70];
  const named = Object.assign(
    numbers(100, (i) => i),
    { name: 'x' },
  );
  for (const array of [[...numbers(99, (i) => i), 'end'], holes, [...numbers(50, (i) => i), null, undefined], named]) {
    assert.deepStrictEqual(roundTrip(array), array);
  }
  assert.equal(70 in roundTrip(holes), false);
  assert.equal(roundTrip(named).name, 'x');
});

test('an array of numbers that is in a message twice arrives as one array', () => {
  const array = numbers(100, (i) => i);
  const [first, again, text] = roundTrip([array, array, 'x'] as const);
  assert.equal(first, again);
  assert.deepStrictEqual([first, text], [array, 'x']);
});

test('an element that is a getter may send an array of numbers itself', () => {
  const array = numbers(100, (i) => i);
  Object.defineProperty(array, 60, {
    enumerable: true,
    get: () => roundTrip(numbers(100, (i) => -i))[60],
  });
  const expected = numbers(100, (i) => (i === 60 ? -60 : i));
  assert.deepStrictEqual(roundTrip(array), expected);
});

test('an array that is longer than the engine makes at once is filled as an array, not as a dictionary', () => {
  setFlagsFromString('--allow-natives-syntax');
  const isDictionary = runInThisContext('(array) => %HasDictionaryElements(array)') as (array: unknown[]) => boolean;
  const array: unknown[] = [];
  const seen: boolean[] = [];
  class Watched extends ByteReader {
    override take(count: number): number {
      seen.push(isDictionary(array));
      return super.take(count);
    }
  }
  const count = 2 ** 25 + 1;
  const head = new ByteWriter();
  head.uint(count);
  const bytes = new Uint8Array(head.position + 4 * count);
  bytes.set(head.bytes.subarray(0, head.position));
  const reader = new Watched();
  reader.over(bytes, 0, bytes.length);
  readInts(reader, array);
  assert.equal(array.length, count);
  assert.ok(seen.length > 1);
  assert.equal(seen.includes(true), false);
});
