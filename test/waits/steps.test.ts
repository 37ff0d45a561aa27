import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { atOnce, inTurns, type Steps, step } from '#dist/waits/steps.js';

const said: string[] = [];

function* both(a: number, isFailing: boolean): Steps<number> {
  try {
    const b = yield* step(
      async () => {
        await setImmediate();
        return a + 1;
      },
      () => a + 2,
    );
    yield* step(
      async () => {
        if (isFailing) throw new RangeError('later');
      },
      () => {
        if (isFailing) throw new RangeError('now');
      },
    );
    return b * 10;
  } catch (error) {
    said.push((error as Error).message);
    throw error;
  } finally {
    yield* step(
      () => said.push('cleaned up'),
      () => said.push('cleaned up'),
    );
  }
}

describe('the steps of a wait', () => {
  test('the steps of a wait are awaited one after the other', async () => {
    said.length = 0;
    assert.equal(await inTurns(both(1, false)), 20);
    assert.deepEqual(said, ['cleaned up']);
  });

  test('the steps of a wait block the thread one after the other', () => {
    said.length = 0;
    assert.equal(atOnce(both(1, false)), 30);
    assert.deepEqual(said, ['cleaned up']);
  });

  test('the steps of a wait see the error of a step and clean up after it, in both forms', async () => {
    said.length = 0;
    await assert.rejects(inTurns(both(1, true)), /^RangeError: later$/);
    assert.throws(() => atOnce(both(1, true)), /^RangeError: now$/);
    assert.deepEqual(said, ['later', 'cleaned up', 'now', 'cleaned up']);
  });
});
