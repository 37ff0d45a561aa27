/**
 * Programs of chance do something with data, and whatever they give away is changed. Where the proof says that nobody can change the data,
 * it must be as it was. `TEST_SEED` makes the same programs again.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';

const ROUNDS = process.env.TEST_LONG ? 200_000 : 3000;
const SEED = Number(process.env.TEST_SEED ?? Date.now() % 1_000_000);
/** Few for each thread: a program that changes a built-in prototype spoils those after it. */
const ROUNDS_A_THREAD = 100;
const programs = new URL('./fixtures/random-programs.js', import.meta.url);

test(`what is proven to be private is never changed (TEST_SEED=${SEED})`, async () => {
  let proven = 0;
  let changed = 0;
  for (let done = 0; done < ROUNDS; done += ROUNDS_A_THREAD) {
    const worker = new Worker(programs, { workerData: { seed: SEED + done, rounds: ROUNDS_A_THREAD } });
    let found: { proven: number; changed: number } | undefined;
    worker.once('message', (message) => {
      found = message;
    });
    await once(worker, 'exit');
    assert.ok(found, `the thread of seed ${SEED + done} said nothing`);
    proven += found.proven;
    changed += found.changed;
  }
  // Neither is rare.
  assert.ok(proven > ROUNDS / 20 && changed > ROUNDS / 20, `${proven} proven, ${changed} changed of ${ROUNDS}`);
});
