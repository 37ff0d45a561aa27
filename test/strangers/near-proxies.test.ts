import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { EndOfStreamError, SerializationError } from 'multiproc';
import { Listener } from 'multiproc/connection';
import type { DictProxy } from 'multiproc/managers';
import { decoders } from '#dist/codec/spares.js';
import 'multiproc/managers';
import { reach } from '#dist/codec/extension.js';
import { watched } from '../watchdog.ts';
import { hangCanary } from './canary.ts';
import { letter, writeFormHead, writeValue } from './letter.ts';
import { openRaw } from './raw-client.ts';

const canary = await hangCanary({ after });

let servers = 0;

/** A proxy of the form NEAR, as a member of the family would write it: of a server at the canary's address, with the canary's key. */
function nearProxy(): Uint8Array {
  return letter((out) => {
    writeFormHead(61, 0, out);
    out.string(`${++servers}`.padStart(32, '0'));
    out.string('dict');
    for (const value of ['1.1', undefined, undefined, undefined]) writeValue(value, out);
    writeValue({ address: canary.address, authKey: 'the key of a stranger' }, out);
    writeValue(undefined, out);
  });
}

test('a stranger who says where a server is makes nobody go there, with a key or without', async () => {
  for (const authKey of [undefined, 'the key of both']) {
    using listener = new Listener({ address: '127.0.0.1:0', authKey });
    const accepted = listener.accept();
    const stranger = await openRaw(listener.address, authKey);
    const connection = await accepted;
    stranger.sendValue(nearProxy());
    await assert.rejects(watched(connection.recv()), SerializationError);
    connection.close();
    stranger.socket.destroy();
  }
  assert.equal(await canary.visits(), 0);
});

test('within the family a proxy is at its server when it is called, and not before', async () => {
  const bytes = nearProxy();
  const proxy = decoders.with((decoder) =>
    decoder.decode(bytes, 0, bytes.length, () => assert.fail('it has none'), [], reach.FAMILY),
  ) as DictProxy;
  assert.equal(await canary.visits(), 0);
  // The canary is no manager.
  await assert.rejects(watched(proxy.get('x')), EndOfStreamError);
  assert.equal(await canary.visits(), 1);
});
