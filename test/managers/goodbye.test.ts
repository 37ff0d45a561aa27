// A server that is told to end still tells clients that have ended in order from those that were killed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pipe } from 'multiproc';
import type { Connection } from 'multiproc/connection';
import { say } from '#dist/managers/messages.js';
import { serve } from '#dist/managers/served-object.js';
import { makePlace, Server } from '#dist/managers/server.js';
import { watched } from '../watchdog.ts';

/** Ends a server right after its client has done this; resolves to whether the client counts as one that has ended in order. */
async function endAfter(act: (client: Connection) => void): Promise<boolean> {
  const place = makePlace();
  let isOrderly: boolean | undefined;
  const make = () =>
    serve('x', {
      watch: ({ client }) => {
        client.onEnd((orderly) => {
          isOrderly = orderly;
        });
      },
    });
  const server = new Server(place, () => make);
  server.open();
  const [mine, theirs] = pipe();
  await place.near.connectEnd.send(theirs);
  await mine.send([say.CREATE, 'x', 'x', [], undefined]);
  await mine.send([say.CALL, 1, 'x', 'watch', []]);
  await watched(mine.recv());
  act(mine);
  await watched(server.end());
  assert.ok(isOrderly !== undefined);
  return isOrderly;
}

test('a client whose goodbye is still unread has ended in order', async () => {
  const ends = await endAfter((client) => {
    client.sendSync([say.BYE]);
    client.close();
  });
  assert.equal(ends, true);
});

test('a client that is gone without a goodbye was killed', async () => {
  assert.equal(await endAfter((client) => client.close()), false);
});

test('a client that lives has ended in order', async () => {
  assert.equal(await endAfter(() => {}), true);
});
