import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { barrierLayout } from '#dist/channel/barrier.js';
import { bufferLayout } from '#dist/channel/bounded-buffer.js';
import { mailbox } from '#dist/channel/mailbox.js';
import { layout } from '#dist/memory/layout.js';
import { from, line, objectStruct, struct, word, word64, words } from '#dist/memory/struct.js';
import { boardLayout } from '#dist/pool/board-layout.js';
import { entryTable } from '#dist/sync/entry-table.js';
import { lockLayout } from '#dist/sync/lock.js';
import { semaphoreLayout } from '#dist/sync/semaphore.js';
import { units } from '#dist/sync/units.js';

describe('a structure in shared memory', () => {
  test('a structure in shared memory places its parts one after the other, each where it may begin', () => {
    const { at, words: size, align } = struct({ a: word, b: word64, c: words(3), d: line(word), e: word });
    assert.deepEqual(at, { a: 0, b: 2, c: 4, d: 16, e: 17 });
    assert.equal(size, 18);
    assert.equal(align, 16);
  });

  test('a structure in shared memory can be a part of another one', () => {
    const inner = struct({ a: word, b: words(2) });
    assert.deepEqual(struct({ first: inner, second: inner, third: line(inner) }).at, {
      first: 0,
      second: 3,
      third: 16,
    });
  });

  test('a structure in shared memory of a shared object begins after the words that every object has', () => {
    assert.deepEqual(objectStruct({ a: word }).at, { a: 2 });
  });

  test('a structure in shared memory is refused if two of its parts would share a word', () => {
    assert.throws(() => struct({ a: words(3), b: from(2, word) }), /b is to begin at word 2, before 3/);
  });
});

test('what different members write often is on different cache lines', () => {
  const lineOf = (first: number) => {
    assert.equal(first % 16, 0);
    return first / 16;
  };
  const { box, ownLine } = bufferLayout.at;
  const { ring, receivers, senders } = mailbox.at;
  assert.deepEqual([box + ring, box + receivers, box + senders, ownLine].map(lineOf), [1, 4, 5, 6]);
  assert.deepEqual([lockLayout.at.waiters, barrierLayout.at.waiters, barrierLayout.at.rounds].map(lineOf), [1, 1, 2]);
  assert.equal(lineOf(semaphoreLayout.at.units + units.at.table), 1);
  assert.equal(entryTable.words, 16);
  const { lanes, reports, workers, requests, pollers } = boardLayout.at;
  assert.deepEqual([lanes, reports, workers, requests, pollers].map(lineOf), [1, 3, 8, 9, 14]);
});

test('the fixed structures of the heap begin on cache lines of their own, in order, below the blocks', () => {
  const { highWater, nextSlot, errands, parkedMoving, ...lines } = layout;
  assert.deepEqual([highWater, nextSlot, errands], [0, 4, 8]);
  assert.equal(parkedMoving, lines.parkingSection + 8);
  const places = Object.values(lines);
  assert.deepEqual(
    places,
    [...new Set(places)].sort((a, b) => a - b),
  );
  for (const place of places) assert.equal(place % 64, 0);
  assert.equal(lines.blocks, 2 ** 20);
});
