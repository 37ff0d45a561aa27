import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import 'multiproc/managers';
import 'multiproc/shared-memory';
import * as tags from '#dist/codec/tags.js';
import { hangCanary } from './canary.ts';
import { inputs, seed } from './dice.ts';
import { everyForm } from './every-form.ts';
import { type Lures, luresOf } from './lures.ts';
import { type RandomLetter, randomLetter } from './random-letter.ts';
import { openRaw } from './raw-client.ts';
import { tagWriters } from './tag-writers.ts';
import { KEY, Victim } from './victim.ts';

/** Messages between two looks at whether they were all taken. */
const BATCH = 250;

test('every tag of the wire format is among what strangers write', () => {
  const names = Object.keys(tags).filter((name) => !/^(HEADER|HAS_|MAX_|BLOB_)/.test(name));
  assert.deepEqual(Object.keys(tagWriters).sort(), names.sort());
});

/** Sends all these messages to a victim, which is to stay as it is; `key` is what the sender has shown. */
async function send(t: TestContext, key: string | undefined, make: (lures: Lures) => Iterable<RandomLetter>) {
  const canary = await hangCanary(t);
  const victim = await Victim.start(t);
  const client = await openRaw(key === undefined ? victim.open : victim.locked, key);
  let before = await victim.health();
  let sent = 0;
  const look = async () => {
    await victim.isThrough(client, `TEST_SEED=${seed}, message ${sent} or up to ${BATCH} before`);
    // What is made at the first use of something is no growth.
    if (sent <= 2 * BATCH) before = await victim.health();
  };
  for (const { body, blobs } of make(luresOf(canary, key !== undefined))) {
    client.sendValue(body, blobs);
    if (++sent % BATCH === 0) await look();
  }
  await look();
  await victim.assertWell(before, key !== undefined);
  assert.deepEqual([canary.hasRun(), await canary.visits()], [false, 0]);
  client.socket.destroy();
}

for (const [who, key, count] of [
  ['a stranger', undefined, 5000],
  ['a program that has the key', KEY, 2000],
] as const) {
  describe(`the receiver stays well, and does nothing, whatever ${who} sends`, () => {
    test('the receiver is unharmed by any form of any extension from a stranger', (t) =>
      send(t, key, function* (lures) {
        for (const body of everyForm(lures)) yield { body, blobs: [] };
      }));

    test(`the receiver is unharmed by any message from a stranger (TEST_SEED=${seed})`, (t) =>
      send(t, key, function* (lures) {
        for (const input of inputs(count)) yield randomLetter(seed, input, lures);
      }));
  });
}
