/** The rows of docs/what-crosses.md, ready to be sent through anything that carries values. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isDeepStrictEqual } from 'node:util';

/** One row of the table. */
export interface Row {
  readonly expression: string;
  /** `same` as structuredClone, `equal` to the expression in the row, an `error` that looks the same, or `refused`. */
  readonly verdict: 'same' | 'equal' | 'error' | 'refused';
  /** A fresh value of the row. */
  make(): unknown;
  /** Fails unless `received` is what the row promises for `original`. */
  check(original: unknown, received: unknown): void;
}

const CELLS = /^\| (`(?:[^`])+`) \| (same|error|refused|`[^`]+`) \|/;

function evaluate(expression: string): unknown {
  const require = createRequire(import.meta.url);
  return new Function('require', `return (${expression})`)(require);
}

/** All rows of the table that this Node can evaluate. */
export function rows(): Row[] {
  const table = readFileSync('docs/what-crosses.md', 'utf8');
  return table.split('\n').flatMap((line) => {
    const cells = CELLS.exec(line);
    if (cells === null) return [];
    const expression = (cells[1] as string).slice(1, -1);
    const arrives = cells[2] as string;
    const expected = arrives.startsWith('`') ? arrives.slice(1, -1) : undefined;
    const verdict = expected === undefined ? (arrives as Row['verdict']) : 'equal';
    const check = (original: unknown, received: unknown) => {
      if (verdict === 'same') assertSame(received, structuredClone(original));
      else if (expected !== undefined) assertEqual(received, evaluate(expected));
      else if (verdict === 'error') assertAlike(received, original);
    };
    return [{ expression, verdict, make: () => evaluate(expression), check }];
  });
}

function assertSame(received: unknown, expected: unknown): void {
  // deepStrictEqual would visit every index of a huge sparse array.
  if (Array.isArray(expected) && expected.length > 2 ** 20) {
    assert.ok(Array.isArray(received) && received.length === expected.length);
    assert.deepStrictEqual(Object.entries(received), Object.entries(expected));
    return;
  }
  if (expected instanceof Date && Number.isNaN(expected.getTime())) {
    assert.ok(received instanceof Date && Number.isNaN(received.getTime()));
    return; // on Node 20 no two invalid dates are equal
  }
  assert.deepStrictEqual(received, expected);
  if (typeof expected === 'object' && expected !== null) {
    assert.deepStrictEqual(Object.keys(received as object), Object.keys(expected));
  }
  if (expected instanceof ArrayBuffer)
    assert.equal(Reflect.get(received as object, 'resizable'), Reflect.get(expected, 'resizable'));
}

function assertEqual(received: unknown, expected: unknown): void {
  if (expected instanceof Error) assertAlike(received, Object.assign(expected, { stack: (received as Error).stack }));
  else if (expected instanceof URL || expected instanceof URLSearchParams) {
    assert.equal(Object.getPrototypeOf(received), Object.getPrototypeOf(expected));
    assert.equal(String(received), String(expected));
  } else assert.deepStrictEqual(received, expected);
}

function assertAlike(received: unknown, original: unknown): void {
  if (Array.isArray(original)) {
    for (const [i, error] of original.entries()) assertAlike((received as unknown[])[i], error);
    return;
  }
  const [r, o] = [received as Error, original as Error];
  assert.equal(Object.getPrototypeOf(r), Object.getPrototypeOf(o));
  for (const key of ['message', 'name', 'stack'] as const) assert.equal(r[key], o[key]);
  assert.deepStrictEqual({ ...r }, { ...o });
  assert.equal(Object.hasOwn(r, 'cause'), Object.hasOwn(o, 'cause'));
  if (o.cause === o) assert.equal(r.cause, r);
  else if (o.cause instanceof Error) assertAlike(r.cause, o.cause);
  else assert.ok(isDeepStrictEqual(r.cause, o.cause));
}
