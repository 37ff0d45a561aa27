import { type TestContext, test } from 'node:test';
import 'multiproc/managers';
import { frame, kind } from '#dist/connection/frame.js';
import { hangCanary } from './canary.ts';
import { Dice, inputs, seed } from './dice.ts';
import { luresOf } from './lures.ts';
import { randomLetter } from './random-letter.ts';
import { openRaw } from './raw-client.ts';
import { KEY, Victim } from './victim.ts';

/** Connections at a time. */
const CROWD = 50;

/** The header of a message that promises what it likes. */
function promise(dice: Dice): Buffer {
  const header = Buffer.alloc(8);
  header[0] = dice.pick([kind.BYTES, kind.VALUE, kind.VALUE, 0, 3, 255]);
  header[1] = dice.chance(0.9) ? 0 : dice.below(256);
  header.writeUInt16BE(dice.pick([0, 0, 1, 3, 300, 0xffff]), 2);
  header.writeUInt32BE(dice.pick([0, 1, 10, 2 ** 16, 2 ** 31, 2 ** 32 - 1]), 4);
  return header;
}

/** What stands behind it: the lengths of binaries, or nothing of the kind. */
function lengths(dice: Dice): Buffer {
  const table = Buffer.alloc(4 * dice.pick([0, 1, 3, 300]));
  for (let at = 0; at < table.length; at += 4) table.writeUInt32BE(dice.pick([0, 1, 2 ** 16, 2 ** 32 - 1]), at);
  return table;
}

test(`whatever comes through a connection leaves the receiver well (TEST_SEED=${seed})`, async (t: TestContext) => {
  const canary = await hangCanary(t);
  const victim = await Victim.start(t);
  const lures = luresOf(canary, true);
  const talk = async (input: number) => {
    const dice = new Dice(seed, input);
    const hasKey = dice.chance(0.3);
    const { socket } = await openRaw(hasKey ? victim.locked : victim.open, hasKey ? KEY : undefined);
    const parts: Uint8Array[] = [];
    for (let n = 1 + dice.below(5); n > 0; n--) {
      const luck = dice.next();
      const { body, blobs } = randomLetter(seed, input + n, lures);
      if (luck < 0.4) parts.push(...frame(kind.VALUE, body, blobs, false)!);
      else if (luck < 0.5) parts.push(...frame(kind.BYTES, dice.bytes(dice.below(100)), [], false)!);
      else if (luck < 0.6) parts.push(dice.bytes(dice.below(40)));
      else parts.push(promise(dice), lengths(dice), dice.bytes(dice.below(100)));
    }
    const all = Buffer.concat(parts);
    for (let at = 0; at < all.length; ) {
      const end = at + (dice.chance(0.5) ? all.length : 1 + dice.below(20));
      socket.write(all.subarray(at, end));
      at = end;
    }
    const closed = new Promise((resolve) => socket.once('close', resolve));
    if (dice.chance(0.3)) socket.resetAndDestroy();
    else socket.end();
    await closed;
  };
  const all = inputs(600);
  let before = await victim.health();
  for (let i = 0; i < all.length; i += CROWD) {
    await Promise.all(all.slice(i, i + CROWD).map(talk));
    if (i === 0) before = await victim.health();
  }
  await victim.assertWell(before, true);
});
