import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { parseAddress } from '#dist/connection/address.js';
import { watched } from '../watchdog.ts';
import { Dice, inputs, seed } from './dice.ts';
import { KEY, Victim } from './victim.ts';

const CROWD = 50;
const words = ['multiproc 1 open', 'multiproc 1 key ', 'welcome', 'refused', 'GET / HTTP/1.1\r\n\r\n', ''];

/** A proof as one gives it who has heard of the protocol; with the right key it is of the wrong role. */
function proof(dice: Dice, nonce: Uint8Array, own: Uint8Array): Buffer {
  const mac = createHmac('sha256', dice.pick([KEY, 'another key', '']));
  mac.update(dice.pick(['multiproc 1 listener\0', 'multiproc 1 client', 'multiproc 2 client\0', '']));
  return mac
    .update(dice.pick([nonce, own]))
    .update(dice.pick([own, nonce]))
    .digest();
}

/** One message of a handshake, whole or not, to one who has sent `heard`. */
function piece(dice: Dice, heard: Buffer): Buffer {
  const nonce = heard.length >= 32 ? heard.subarray(-32) : dice.bytes(32);
  const own = dice.chance(0.5) ? nonce : dice.bytes(32);
  const body = dice.pick([
    () => Buffer.from(dice.pick(words)),
    () => Buffer.concat([Buffer.from(dice.pick(words)), dice.bytes(32)]),
    () => Buffer.concat([own, proof(dice, nonce, own)]),
    () => Buffer.concat([Buffer.from('welcome'), proof(dice, nonce, own)]),
    () => dice.bytes(dice.pick([0, 1, 63, 64, 65, 255])),
  ])();
  if (dice.chance(0.1)) return body;
  return Buffer.concat([Buffer.from([dice.chance(0.9) ? body.length : dice.below(256)]), body]);
}

/** Says what it likes, and ends; answers what it was told. A client may wait for the listener, who speaks first. */
async function talk(socket: Socket, dice: Dice, role: 'client' | 'listener'): Promise<Buffer> {
  let heard = Buffer.alloc(0);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const told = new Promise<void>((resolve) => {
    socket.on('data', (chunk) => {
      heard = Buffer.concat([heard, chunk]);
      resolve();
    });
    socket.once('close', resolve);
  });
  socket.on('error', () => {});
  if (role === 'client' && dice.chance(0.6)) await told;
  for (let n = dice.below(4); n > 0; n--) socket.write(piece(dice, heard));
  if (dice.chance(0.2)) socket.resetAndDestroy();
  else socket.end(dice.chance(0.1) ? 'x'.repeat(3000) : '');
  await closed;
  return heard;
}

async function withVictim(t: TestContext, count: number, run: (victim: Victim, input: number) => Promise<void>) {
  const victim = await Victim.start(t);
  const all = inputs(count);
  let before = await victim.health();
  for (let i = 0; i < all.length; i += CROWD) {
    await watched(Promise.all(all.slice(i, i + CROWD).map((input) => run(victim, input))));
    if (i === 0) before = await victim.health();
  }
  await victim.assertWell(before);
}

test(`whatever a client says, it is not let in without the key, and the listener is well (TEST_SEED=${seed})`, (t) =>
  withVictim(t, 500, async (victim, input) => {
    const dice = new Dice(seed, input);
    // From everywhere, lest it be slowed down.
    const localAddress = `127.${1 + (input % 250)}.${1 + dice.below(250)}.${1 + dice.below(250)}`;
    const { host, port } = parseAddress(victim.locked);
    const heard = await talk(connect({ host: host!, port: port!, localAddress }), dice, 'client');
    assert.ok(heard.length <= 49 + 8 && !heard.includes('welcome'), heard.toString('latin1'));
  }));

test(`whatever a listener says, a client is well (TEST_SEED=${seed})`, async (t) => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as { port: number };
  let last: Promise<unknown> = Promise.resolve();
  await withVictim(t, 400, async (victim, input) => {
    // One after the other: the victim does what it is told in order.
    const mine = last.then(async () => {
      const dice = new Dice(seed, input);
      const done = victim.order('connect', `127.0.0.1:${port}`, dice.pick([undefined, KEY]));
      while (sockets.length === 0) await once(server, 'connection');
      await talk(sockets.shift()!, dice, 'listener');
      await done;
    });
    last = mine;
    await mine;
  });
});
