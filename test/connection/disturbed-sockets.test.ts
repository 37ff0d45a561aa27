import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after } from 'node:test';
import { type Connection, Queue } from 'multiproc';
import { connect, Listener } from 'multiproc/connection';
import { sockets } from '#dist/platform/choose.js';
import { test } from '../cases.ts';
import { disturbEverywhere } from '../disturb/disturb-everywhere.ts';

const authKey = 'a key for tests';

/** Where those that are killed as they begin to listen leave what they have made. */
const folder = mkdtempSync(`${tmpdir()}/multiproc-`);
after(() => rmSync(folder, { recursive: true }));
process.env.TMPDIR = folder;
/** A socket's file that nobody has, in a path that is longer than the kernel takes. */
const stale = `${mkdtempSync(`${folder}/${'stale-'.repeat(20)}`)}/socket`;
function leaveStale(): void {
  rmSync(stale, { force: true });
  closeSync(sockets().listenUnix(stale, 1));
}

for (const [name, address] of [
  ['tcp', '127.0.0.1:0'],
  ['unix', undefined],
  ['unix where a dead one has listened', stale],
] as const) {
  test(`disturbed anywhere while it listens and connects over ${name}, a process leaves the address to others`, async () => {
    await disturbEverywhere(
      async (where: typeof address, key: string) => {
        using listener = new Listener({ address: where, authKey: key });
        const [served, client] = await Promise.all([
          listener.accept({ timeout: 20_000 }),
          connect(listener.address, { authKey: key, timeout: 20_000 } as never),
        ]);
        using _ = { [Symbol.dispose]: () => [served, client].forEach((end) => void end.close()) };
        await client.send({ a: new Uint8Array(40_000) });
        assert.equal((await served.recv()).a.length, 40_000);
        served.sendSync('answer');
        assert.equal(client.recvSync(), 'answer');
      },
      () => {
        if (address === stale) leaveStale();
        return [address, authKey];
      },
      async ({ threw }) => {
        for (const error of threw) assert.ok('code' in (error as Error), String(error));
        using listener = new Listener({ address, authKey });
        const [served, client] = await Promise.all([listener.accept(), connect(listener.address, { authKey })]);
        served.close();
        client.close();
      },
    );
  });
}

test('disturbed anywhere on the way of a socket through a queue, a process loses no socket but that one', async () => {
  const others = new Queue<Connection>();
  using listener = new Listener({ authKey });
  const open = () => Promise.all([listener.accept(), connect(listener.address, { authKey })]);
  const [waiting, far] = await open();
  await others.put(waiting);
  waiting.close();
  let ends = await open();
  await disturbEverywhere(
    async (queue: Queue<Connection>, connection: Connection) => {
      try {
        await queue.put(connection);
      } finally {
        connection.close();
      }
      const again = await queue.get();
      again.sendSync('there and back');
      again.close();
    },
    () => [new Queue<Connection>(), ends[0]],
    async ({ isDead, threw }, queue, mine) => {
      while (!queue.empty()) {
        await queue.get().then(
          (connection) => connection.close(),
          // It was in the hand of the dead one.
          (error) => assert.ok(isDead, String(error)),
        );
      }
      mine.close();
      // Killed between two stores, the victim leaves the socket where nobody takes it: it stays open for as long as the family is there.
      const said = await ends[1].recv(isDead ? { timeout: 100 } : {}).catch(() => undefined);
      if (!isDead && threw.length === 0) assert.equal(said, 'there and back');
      ends[1].close();
      ends = await open();
    },
  );
  // One that has stood there all the time may have been in the hand of a dead one, as well; nobody hangs for that.
  await others.get().then(
    (connection) => connection.close(),
    () => {},
  );
  far.close();
  for (const end of ends) end.close();
});
