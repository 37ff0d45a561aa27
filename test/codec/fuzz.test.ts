import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reach } from '#dist/codec/extension.js';
import { decoders } from '#dist/codec/spares.js';
import { SerializationError } from '#dist/contracts/errors.js';
import { random } from '../seeded.ts';
import { roundTrip, send } from './round-trip.ts';

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);

/** Makes values of everything that structured clone carries. */
function generator(next: () => number): () => unknown {
  const int = (n: number) => Math.floor(next() * n);
  const pick = <T>(list: readonly T[]): T => list[int(list.length)] as T;
  const text = () =>
    Array.from({ length: int(pick([4, 40, 200])) }, () => String.fromCharCode(int(pick([128, 256, 65536])))).join('');
  const key = () => pick(['a', 'b', 'id', 'name', '__proto__', '0', '12', 'constructor', text()]);
  const leaves: (() => unknown)[] = [
    () => undefined,
    () => null,
    () => next() < 0.5,
    () => int(300) - 150,
    () => (int(2 ** 31) - 2 ** 30) * pick([1, 2, 8]),
    () => pick([-0, NaN, Infinity, -Infinity, 2 ** 53, next(), -next() * 1e300]),
    () => BigInt(int(1000) - 500) ** BigInt(int(40)),
    text,
    () => new Date(int(2 ** 31) * 1000),
    () => new RegExp(`a${int(10)}[b-z]`, pick(['', 'g', 'imsu', 'dy'])),
    () => Object(pick([1, 'x', true, 5n])),
    () => new Uint8Array(Array.from({ length: int(20) }, () => int(256))),
    () => new Float64Array(int(5000)).fill(next()),
    () => new DataView(new ArrayBuffer(8)),
    () => new ArrayBuffer(int(64)),
    () => Object.assign(new RangeError(text()), { code: text() }),
  ];
  const seen: object[] = [];
  const value = (depth: number): unknown => {
    if (depth === 0 || next() < 0.4) return pick(leaves)();
    if (seen.length > 0 && next() < 0.1) return pick(seen);
    const size = int(pick([3, 6, 12]));
    const kind = int(5);
    if (kind === 0) {
      const list: unknown[] = [];
      seen.push(list);
      for (let i = 0; i < size; i++) if (next() < 0.9) list[i] = value(depth - 1);
      if (next() < 0.1) list.length += int(2000);
      if (next() < 0.1) Object.assign(list, { extra: value(depth - 1) });
      return list;
    }
    if (kind === 1) {
      const map = new Map();
      seen.push(map);
      for (let i = 0; i < size; i++) map.set(value(depth - 1), value(depth - 1));
      return map;
    }
    if (kind === 2) {
      const set = new Set();
      seen.push(set);
      for (let i = 0; i < size; i++) set.add(value(depth - 1));
      return set;
    }
    const object = {};
    seen.push(object);
    for (let i = 0; i < size; i++) {
      Object.defineProperty(object, key(), {
        value: value(depth - 1),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    return object;
  };
  return () => value(5);
}

/** Equal in everything that structured clone keeps, identities included; deepStrictEqual would take one reference for two. */
function assertSame(a: unknown, b: unknown, path: string, seen: Map<object, object>): void {
  if (typeof a !== 'object' || a === null) {
    assert.ok(Object.is(a, b), `${path}: ${String(a)} became ${String(b)}`);
    return;
  }
  assert.ok(typeof b === 'object' && b !== null, path);
  const known = seen.get(a);
  if (known !== undefined) {
    assert.equal(b, known, `${path}: another object`);
    return;
  }
  seen.set(a, b);
  const tag = Object.prototype.toString.call(a);
  assert.equal(Object.prototype.toString.call(b), tag, path);
  assert.deepEqual(Object.keys(b), Object.keys(a), path);
  if (Array.isArray(a)) assert.equal((b as unknown[]).length, a.length, path);
  if (a instanceof Map || a instanceof Set) {
    const [left, right] = [[...a.entries()].flat(), [...(b as Map<unknown, unknown>).entries()].flat()];
    assert.equal(right.length, left.length, path);
    for (let i = 0; i < left.length; i++) assertSame(left[i], right[i], `${path}.${i}`, seen);
  } else if (a instanceof ArrayBuffer || ArrayBuffer.isView(a) || a instanceof Date) assert.deepStrictEqual(b, a, path);
  else if (a instanceof Error) assert.deepEqual([(b as Error).message, (b as Error).stack], [a.message, a.stack], path);
  else if (tag !== '[object Object]' && tag !== '[object Array]') assert.equal(String(b), String(a), path);
  if (!ArrayBuffer.isView(a)) {
    for (const key of Object.keys(a)) assertSame(Reflect.get(a, key), Reflect.get(b, key), `${path}.${key}`, seen);
  }
}

test(`any value arrives as it was sent (SEED=${seed})`, () => {
  for (let i = 0; i < 1500; i++) {
    const value = generator(random(seed + i))();
    assertSame(value, roundTrip(value), `seed ${seed + i}`, new Map());
  }
});

test(`damaged messages are refused or decode to something, and never hang (SEED=${seed})`, () => {
  const next = random(seed);
  for (let i = 0; i < 400; i++) {
    const sent = send(generator(random(seed + i))());
    for (let j = 0; j < 20; j++) {
      const bytes = sent.bytes.slice(0, j % 4 === 0 ? Math.floor(next() * sent.bytes.length) : undefined);
      if (j % 4 !== 0)
        for (let k = 0; k <= j % 3; k++) bytes[Math.floor(next() * bytes.length)] = Math.floor(next() * 256);
      try {
        decoders.with((decoder) =>
          decoder.decode(bytes, 0, bytes.length, (n) => sent.blobs[n] as ArrayBuffer, [], reach.FAMILY),
        );
      } catch (error) {
        assert.ok(error instanceof SerializationError, `seed ${seed + i}: ${(error as Error).stack}`);
      }
    }
  }
});

test(`random bytes are refused (SEED=${seed})`, () => {
  const next = random(seed);
  for (let i = 0; i < 20_000; i++) {
    const bytes = Uint8Array.from({ length: 1 + Math.floor(next() * 60) }, () =>
      Math.floor(next() * (next() < 0.5 ? 32 : 256)),
    );
    bytes[0] = 0x10 + Math.floor(next() * 4);
    try {
      decoders.with((decoder) => decoder.decode(bytes, 0, bytes.length, () => new ArrayBuffer(8), [], reach.FAMILY));
    } catch (error) {
      assert.ok(error instanceof SerializationError, (error as Error).stack);
    }
  }
});

test('a truncated message never decodes', () => {
  const { bytes } = send([
    { id: 1, name: 'some text that is long enough' },
    [1, 2, 3],
    new Map([[1, 2]]),
    1.5,
    new Uint8Array(9),
  ]);
  for (let length = 0; length < bytes.length; length++) {
    const decode = () => decoders.with((d) => d.decode(bytes, 0, length, () => new ArrayBuffer(0), [], reach.FAMILY));
    assert.throws(decode, { name: 'SerializationError', message: /damaged/ });
  }
});
