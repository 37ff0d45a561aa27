import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Spinner } from '#dist/sync/spinner.js';
import { type Attempt, NOT_YET } from '#dist/waits/attempt.js';

/** Fails once, and succeeds when this thread had no CPU for longer than any spin lasts. */
function afterOthersRan(): Attempt<string> {
  let isFirst = true;
  return () => {
    if (isFirst) {
      isFirst = false;
      return NOT_YET;
    }
    const start = performance.now();
    while (performance.now() < start + 1);
    return 'found';
  };
}

for (const blocked of [true, false]) {
  test(`a ${blocked ? 'blocked thread' : 'promise'} whose spins succeed only after others had its CPU spins no more`, () => {
    const spinner = new Spinner();
    for (let i = 0; i < 40; i++) spinner.spin(afterOthersRan(), blocked);
    let tries = 0;
    const attempt: Attempt<never> = () => {
      tries++;
      return NOT_YET;
    };
    assert.equal(spinner.spin(attempt, blocked), NOT_YET);
    assert.equal(tries, 0);
  });
}
