import assert from 'node:assert/strict';
import { connect as connectNet, createServer, type Server, type Socket } from 'node:net';
import { describe } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Connection, EndOfStreamError, pipe, Queue, SerializationError, setSpareProcesses } from 'multiproc';
import { connect, Listener } from 'multiproc/connection';
import { test } from '../cases.ts';
import { watchdog } from '../hang.ts';
import { descriptors, slay, start, until } from '../inside.ts';
import { watched } from '../watchdog.ts';
import { withoutDescriptors } from '../without-descriptors.ts';

// Spares come when the machine has time for them, and each has descriptors here.
setSpareProcesses(0);

async function pair(address: string | undefined): Promise<[Connection, Connection]> {
  using listener = new Listener({ address, authKey: 'the test key' });
  return await Promise.all([listener.accept(), connect(listener.address, { authKey: 'the test key' })]);
}

for (const [name, address] of [
  ['tcp', '127.0.0.1:0'],
  ['unix', undefined],
] as const) {
  describe(`a connection over ${name} that was sent to another process`, () => {
    test(`a connection over ${name} that was sent to another process goes on there, with what had come of it, while the sender closes its own`, async () => {
      using _ = watchdog('sent', 60);
      const [served, client] = await pair(address);
      const [here, there] = pipe();
      await client.send('early');
      await client.sendBytes(new Uint8Array(40_000));
      assert.equal(await served.poll({ timeout: 30_000 }), true);
      const child = start(async (end: Connection) => {
        const connection: Connection = await end.recv();
        connection.sendSync(['got', await connection.recv(), connection.recvBytesSync().length, connection.recvSync()]);
        await connection.send(() => 'trusted still');
        connection.close();
      }, there);
      await here.send(served);
      served.close();
      await client.send({ late: true });
      assert.deepEqual(await watched(client.recv()), ['got', 'early', 40_000, { late: true }]);
      assert.equal((await watched(client.recv()))(), 'trusted still');
      await assert.rejects(watched(client.recv()), EndOfStreamError);
      await child.join();
      client.close();
    });

    test(`a connection over ${name} that was sent to another process lives although its sender was killed right after`, async () => {
      using _ = watchdog('killed sender', 60);
      const [served, client] = await pair(address);
      const [here, there] = pipe();
      const forward = async (from: Connection, to: Queue<Connection>) => {
        await to.put(await from.recv());
        await from.send('forwarded');
        await new Promise(() => setInterval(() => {}, 1000));
      };
      const queue = new Queue<Connection>();
      const middle = start(forward, there, queue);
      await here.send(served);
      served.close();
      assert.equal(await watched(here.recv()), 'forwarded');
      await slay(middle);
      await client.send('are you there?');
      const arrived = await watched(queue.get());
      assert.equal(await watched(arrived.recv()), 'are you there?');
      await arrived.send('yes');
      assert.equal(await watched(client.recv()), 'yes');
      arrived.close();
      client.close();
    });
  });
}

test('several connections that are sent at once come to those they were sent to', async () => {
  using _ = watchdog('several', 60);
  const pairs = await Promise.all(Array.from({ length: 12 }, () => pair(undefined)));
  const queues = pairs.map(() => new Queue<Connection>());
  for (const [i, [served]] of pairs.entries()) {
    await queues[i]!.put(served);
    served.close();
  }
  for (const i of [7, 3, 11, 0, 5, 1, 2, 4, 6, 8, 9, 10]) {
    const arrived = await queues[i]!.get();
    await arrived.send(i);
    assert.equal(await watched(pairs[i]![1].recv()), i);
    arrived.close();
    pairs[i]![1].close();
  }
});

test('a connection that nobody took out is closed with the queue', async () => {
  const [served, client] = await pair(undefined);
  const queue = new Queue<unknown>();
  await queue.put(served);
  served.close();
  const ended = assert.rejects(watched(client.recv()), EndOfStreamError);
  queue.shutdown({ immediate: true });
  // What this thread held to send it goes with the collector.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let isOver = false;
  void ended.finally(() => {
    isOver = true;
  });
  await until(() => {
    collect();
    return isOver;
  });
  client.close();
  const before = descriptors();
  for (let i = 0; i < 20; i++) {
    const [a, b] = await pair(undefined);
    const carried = new Queue<Connection>();
    await carried.put(a);
    a.close();
    (await carried.get()).close();
    b.close();
  }
  await until(() => descriptors() <= before);
});

test('sockets and servers of node:net can be sent too', async () => {
  using _ = watchdog('net', 60);
  const [here, there] = pipe();
  const child = start(async (end: Connection) => {
    const server = (await end.recv()) as Server;
    const socket = (await end.recv()) as Socket;
    socket.end('from the child');
    server.once('connection', (guest) => guest.end('served by the child', () => server.close()));
    await end.send('ready');
  }, there);
  const server = createServer({ pauseOnConnect: true });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const first = connectNet(port, '127.0.0.1');
  const guest = await new Promise<Socket>((resolve) => server.once('connection', resolve));
  await here.send(server);
  await here.send(guest);
  server.close();
  guest.destroy();
  assert.equal(await watched(here.recv()), 'ready');
  const text = async (socket: Socket) => {
    let all = '';
    for await (const chunk of socket.setEncoding('utf8')) all += chunk;
    return all;
  };
  assert.equal(await watched(text(first)), 'from the child');
  assert.equal(await watched(text(connectNet(port, '127.0.0.1'))), 'served by the child');
  await child.join();
});

test('a connection that cannot be sent is refused, and stays as it was', async () => {
  const [a, b] = await pair(undefined);
  const [c, d] = await pair(undefined);
  await assert.rejects(a.send({ c }), (error: SerializationError) => error.path === 'value.c');
  const waiting = c.recv();
  const queue = new Queue<unknown>();
  await assert.rejects(queue.put(c), SerializationError);
  await d.send('still works');
  assert.equal(await watched(waiting), 'still works');
  for (const end of [a, b, c, d]) end.close();
});

test('where no descriptor is free a socket cannot be received, and that takes no other with it', async () => {
  using _ = watchdog('too many open files', 60);
  const [first, firstClient] = await pair(undefined);
  const [second] = await pair(undefined);
  const [toFirst, theFirst] = pipe();
  const [toSecond, theSecond] = pipe();
  await toFirst.send(first);
  await toSecond.send(second);
  const child = start(
    async (one: Connection, two: Connection) => {
      let refused: string;
      {
        using _ = withoutDescriptors('nothing opens');
        refused = await two.recv().then(String, (error) => error.code);
      }
      const connection: Connection = await one.recv();
      await connection.send(refused);
    },
    theFirst,
    theSecond,
  );
  assert.equal(await watched(firstClient.recv()), 'ERR_PLATFORM');
  await child.join();
});
