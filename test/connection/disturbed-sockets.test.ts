import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { after } from 'node:test';
import { type Connection, Process, Queue } from 'multiproc';
import { connect, Listener } from 'multiproc/connection';
import { family } from '#dist/memory/family.js';
import { wordIndex } from '#dist/memory/heap.js';
import { layout } from '#dist/memory/layout.js';
import { parking, sockets } from '#dist/platform/choose.js';
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
  const server = createServer();
  sockets().listenUnix(server, stale, 1);
  server.close();
}

for (const [name, address, key] of [
  ['tcp', '127.0.0.1:0', authKey],
  ['unix', undefined, authKey],
  ['unix without a key', undefined, undefined],
  ['unix where a dead one has listened', stale, authKey],
] as const) {
  test(`disturbed anywhere while it listens and connects over ${name}, a process leaves the address to others`, async () => {
    await disturbEverywhere(
      async (where: typeof address, authKey: typeof key) => {
        using listener = new Listener({ address: where, authKey });
        const [served, client] = await Promise.all([
          listener.accept({ timeout: 20_000 }),
          connect(listener.address, { authKey, timeout: 20_000 } as never),
        ]);
        using _ = { [Symbol.dispose]: () => [served, client].forEach((end) => void end.close()) };
        await client.send({ a: new Uint8Array(40_000) });
        assert.equal((await served.recv()).a.length, 40_000);
        assert.equal(client.pollSync({ timeout: 1 }), false);
        served.sendSync('answer');
        assert.equal(client.recvSync(), 'answer');
      },
      () => {
        if (address === stale) leaveStale();
        return [address, key];
      },
      async ({ threw }) => {
        for (const error of threw) assert.ok('code' in (error as Error), String(error));
        using listener = new Listener({ address, authKey: key });
        const [served, client] = await Promise.all([listener.accept(), connect(listener.address, { authKey: key })]);
        served.close();
        client.close();
      },
    );
  });
}

test('disturbed anywhere as it sends its first socket, a process has sent it or closed it', async () => {
  await disturbEverywhere(
    async (queue: Queue<Connection>, key: string) => {
      using listener = new Listener({ authKey: key });
      const [served, client] = await Promise.all([listener.accept(), connect(listener.address, { authKey: key })]);
      using _ = { [Symbol.dispose]: () => [served, client].forEach((end) => void end.close()) };
      await queue.put(served);
      assert.equal(await client.recv(), 'received');
    },
    () => {
      const queue = new Queue<Connection>();
      void queue
        .get()
        .then((connection) => connection.send('received').finally(() => connection.close()))
        .catch(() => {});
      return [queue, authKey];
    },
    ({ threw }, queue) => {
      for (const error of threw) assert.ok('code' in (error as Error), String(error));
      queue.close();
    },
    { ways: ['kill', 'stop'], where: 'platform/linux-parking.ts' },
  );
});

/** Has a process killed that was just moving the first socket to the end of the line of those on their way. */
function leaveMoving(): void {
  const mover = new Process({
    target: () => {
      const { heap, pipeSignals } = family();
      const at = wordIndex(layout.parkedMoving);
      family().section(layout.parkingSection).enter();
      heap.words(layout.parkedMoving)[at] = parking().peek(pipeSignals!.parking)?.ticket as number;
      process.kill(process.pid, 'SIGKILL');
    },
    daemon: true,
  });
  mover.start();
  mover.joinSync();
}

test('disturbed anywhere while it settles what a dead one was moving, a process loses no other socket', async () => {
  using listener = new Listener({ authKey });
  const open = () => Promise.all([listener.accept(), connect(listener.address, { authKey })]);
  const pairs = [await open(), await open()];
  const [ends, queues]: [Connection[], Queue<Connection>[]] = [[], []];
  await disturbEverywhere(
    async (_: Queue<Connection>, mine: Queue<Connection>) => {
      const connection = await mine.get();
      connection.sendSync('arrived');
      connection.close();
    },
    () => {
      for (const queue of queues) queue.close();
      for (const end of ends.splice(0)) end.close();
      queues.splice(0, 2, new Queue(), new Queue());
      for (const queue of queues) {
        const [served, client] = pairs.pop()!;
        queue.putSync(served);
        served.close();
        ends.push(client);
      }
      leaveMoving();
      return [queues[0]!, queues[1]!];
    },
    async ({ isDead, threw }, lost, mine) => {
      for (const error of threw) assert.ok('code' in (error as Error), String(error));
      if (!isDead && threw.length === 0) assert.equal(await ends[1]!.recv(), 'arrived');
      // The one that was in the hand of the dead; nobody hangs for that.
      for (const queue of [lost, mine]) {
        if (queue.empty()) continue;
        await queue.get().then(
          (connection) => connection.close(),
          () => {},
        );
      }
      pairs.push(await open(), await open());
    },
    { ways: ['kill', 'stop', 'fail'], where: 'channel/descriptors.ts' },
  );
});

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
