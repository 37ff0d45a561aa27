import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fifo } from '#dist/queue/fifo.js';
import { randomBelow } from '../seeded.ts';

test('a Fifo behaves as an array with push and shift, whatever the backlog', () => {
  for (let seed = 1; seed <= 10; seed++) {
    const random = randomBelow(seed);
    const fifo = new Fifo<number>();
    let pushed = 0;
    let shifted = 0;
    for (let step = 0; step < 200; step++) {
      for (let i = random(3000); i > 0; i--) fifo.push(pushed++);
      for (let i = Math.min(random(3000), fifo.size); i > 0; i--) {
        if (fifo.shift() !== shifted++) assert.fail(`seed ${seed}, step ${step}`);
      }
      assert.equal(fifo.size, pushed - shifted, `seed ${seed}, step ${step}`);
    }
    while (fifo.size > 0) assert.equal(fifo.shift(), shifted++, `seed ${seed}`);
    assert.equal(shifted, pushed);
  }
});
