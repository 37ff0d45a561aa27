// Large data that a task captured is compared in place from the third task on: every change is still seen.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Pool } from 'multiproc';
import { FollowedData } from '#dist/functions/followed-data.js';
import { watched } from '../watchdog.ts';

const pool = new Pool(1);
after(() => pool.terminate());

type Row = Record<string, unknown>;

/** More than 16 KiB of it. */
const makeRows = (): Row[] =>
  Array.from({ length: 600 }, (_, id) => ({
    id,
    name: `row ${id}`,
    tags: ['a', 'b'],
    zero: 0,
    none: undefined,
    at: new Date(id),
    inner: { sum: id / 3, notANumber: Number.NaN },
  }));

const rows = makeRows();
const row = () => rows[7]!;
const seen = () => {
  const it = rows[7]!;
  return [Object.entries(it), Object.is(it.zero, -0), Object.entries(it.tags as unknown[]), rows.length] as const;
};

const changes: Record<string, (it: Row) => void> = {
  'a value': (it) => (it.name = 'another'),
  'a value deep inside': (it) => ((it.inner as Row).sum = 0.1),
  'a value that is gone': (it) => (it.name = undefined),
  'the sign of a zero': (it) => (it.zero = -0),
  'a key more': (it) => (it.more = 1),
  'a key less': (it) => delete it.name,
  'a key less that held undefined': (it) => delete it.none,
  'the order of keys': (it) => {
    const { id } = it;
    delete it.id;
    it.id = id;
  },
  'a key that is hidden': (it) => Object.defineProperty(it, 'name', { enumerable: false }),
  'a value that a getter gives': (it) => Object.defineProperty(it, 'name', { get: () => 'another' }),
  'an element': (it) => ((it.tags as string[])[1] = 'c'),
  'an element more': (it) => (it.tags as string[]).push('c'),
  'an element less': (it) => (it.tags as string[]).pop(),
  'a name of an array': (it) => Object.assign(it.tags as string[], { named: 1 }),
  'a hole and a name of an array': (it) => {
    delete (it.tags as string[])[0];
    Object.assign(it.tags as string[], { named: 1 });
  },
  'a date': (it) => (it.at as Date).setTime(1e6),
  'an object in place of a value': (it) => (it.name = {}),
  'a prototype': (it) => Object.setPrototypeOf(it, null),
};

describe('a change is found', () => {
  for (const [name, change] of Object.entries(changes)) {
    test(`a change is found: ${name}`, () => {
      const data = makeRows();
      const followed = FollowedData.of(data, () => {})!;
      assert.equal(followed.isUnchanged(data), true);
      change(data[7]!);
      assert.equal(followed.isUnchanged(data), false);
    });
  }

  test('a change is found: a row more, a row less, two that change places, a name of the list, another list', () => {
    for (const change of [
      (data: Row[]) => data.push({}),
      (data: Row[]) => data.pop(),
      (data: Row[]) => ([data[0], data[1]] = [data[1]!, data[0]!]),
      (data: Row[]) => Object.assign(data, { named: 1 }),
    ]) {
      const data = makeRows();
      const followed = FollowedData.of(data, () => {})!;
      change(data);
      assert.equal(followed.isUnchanged(data), false);
      assert.equal(followed.isUnchanged(makeRows()), false);
    }
  });
});

test('data with anything else in it is not followed', () => {
  class Point {}
  for (const other of [
    new Map(),
    new Point(),
    Object.create(null),
    /a/,
    () => {},
    Symbol(),
    Array(2),
    new Proxy({}, {}),
  ]) {
    assert.equal(
      FollowedData.of([{ other }], () => {}),
      undefined,
    );
  }
  const circle: unknown[] = [];
  circle.push(circle);
  assert.equal(FollowedData.of(circle, () => {})?.isUnchanged(circle), true);
});

test('a task sees each change of what was compared before', async () => {
  const task = () => seen();
  for (const [name, change] of Object.entries(changes)) {
    if (name === 'a prototype') continue;
    rows.splice(0, rows.length, ...makeRows());
    for (let i = 0; i < 4; i++) assert.deepEqual(await watched(pool.apply(task)), seen());
    change(row());
    assert.deepEqual(await watched(pool.apply(task)), seen(), name);
  }
});
