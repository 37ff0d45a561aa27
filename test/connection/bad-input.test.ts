// Every public call of connections with what makes no sense: each has its error, of the right class, and has changed nothing.
import { after, describe, test } from 'node:test';
import { ClosedError, Lock, pipe, Queue, SerializationError, StateError } from 'multiproc';
import { connect, Listener, wait } from 'multiproc/connection';
import { watchdog } from '../hang.ts';
import { Refusals, type Wrong, wrong } from '../refusals.ts';

const dog = watchdog('bad input of connections', 300);
after(() => dog[Symbol.dispose]());

describe('connections', () => {
  test('a wrong call of pipe, or of an end of one, is refused', async () => {
    const made = new Refusals();
    await made.throws(
      TypeError,
      () => pipe(wrong(null)),
      () => pipe(wrong(true)),
      () => pipe({ duplex: wrong('no') }),
      () => pipe({ duplex: wrong(null) }),
    );
    made.end();
    const [a, b]: Wrong[] = pipe();
    const [reader, writer]: Wrong[] = pipe({ duplex: false });
    b.sendSync('kept');
    const bytes = new Uint8Array(4);
    const r = new Refusals(() => [a.pollSync(), a.readable, a.writable, b.pollSync()]);
    await callsOfAConnection(r, a);
    await r.rejects(SerializationError, () => a.send(process.stdin));
    await r.throws(SerializationError, () => a.sendSync(process.stdin));
    await r.rejects(
      StateError,
      () => reader.send(1),
      () => reader.sendBytes(bytes),
      () => writer.recv(),
      () => writer.recvBytes(),
      () => writer.recvBytesInto(bytes),
      () => writer.poll(),
      () => a.recvBytes(),
      () => a.recvBytesInto(bytes),
    );
    await r.throws(
      StateError,
      () => reader.sendSync(1),
      () => reader.sendBytesSync(bytes),
      () => writer.recvSync(),
      () => writer.recvBytesSync(),
      () => writer.recvBytesIntoSync(bytes),
      () => writer.pollSync(),
      () => a.recvBytesSync(),
      () => a.recvBytesIntoSync(bytes),
    );
    r.end();
    await closedConnection(a);
  });

  test('a wrong call of a connection over a socket is refused', async () => {
    using listener = new Listener();
    const [client, served]: Wrong[] = await Promise.all([connect(listener.address), listener.accept()]);
    const r = new Refusals(() => [client.readable, client.writable, client.closed]);
    await callsOfAConnection(r, client);
    await r.rejects(SerializationError, () => client.send(new Lock()));
    r.end();
    await closedConnection(client);
    served.close();
  });

  test('a wrong call of Listener or connect is refused', async () => {
    const L: Wrong = Listener;
    const made = new Refusals();
    await made.throws(
      TypeError,
      () => new L(null),
      () => new L('127.0.0.1:0'),
      () => new L({ address: 5 }),
      () => new L({ address: null }),
      () => new L({ address: '' }),
      () => new L({ address: {} }),
      () => new L({ address: { host: '127.0.0.1' } }),
      () => new L({ address: { host: '127.0.0.1', port: '80' } }),
      () => new L({ address: '\0abstract' }),
      () => new L({ authKey: 5 }),
      () => new L({ authKey: null }),
      () => new L({ authkey: 'a misspelled key would mean none' }),
      () => new L({ backlog: '5' }),
      () => new L({ backlog: null }),
      () => new L({ tls: null, address: '127.0.0.1:0' }),
      () => new L({ tls: 'yes', address: '127.0.0.1:0' }),
      () => new L({ tls: {} }),
    );
    await made.throws(
      RangeError,
      () => new L({ address: '127.0.0.1:70000' }),
      () => new L({ address: { host: '127.0.0.1', port: -1 } }),
      () => new L({ address: { host: '', port: 0 } }),
      () => new L({ address: '0.0.0.0:0' }),
      () => new L({ authKey: '' }),
      () => new L({ address: '0.0.0.0:0', authKey: 'seven 7' }),
      () => new L({ backlog: 0 }),
      () => new L({ backlog: -1 }),
      () => new L({ backlog: 1.5 }),
    );
    const call: Wrong = connect;
    await made.rejects(
      TypeError,
      () => call(),
      () => call(null),
      () => call(5),
      () => call(''),
      () => call({ port: 80 }),
      () => call('127.0.0.1:1', { authKey: 5 }),
      () => call('127.0.0.1:1', { tls: null }),
      () => call('127.0.0.1:1', { tls: 'yes' }),
      () => call('/nowhere', { tls: {} }),
    );
    await made.rejects(
      RangeError,
      () => call('127.0.0.1:70000'),
      () => call({ host: 'localhost', port: 0.5 }),
      () => call('127.0.0.1:1', { authKey: '' }),
    );
    await made.badWaits((options) => call('127.0.0.1:1', options));
    made.end();
    const listener = new Listener();
    const r = new Refusals(() => [listener.address, listener.failures]);
    await r.badWaits((options) => listener.accept(options));
    r.end();
    listener.close();
    listener.close();
    const over = new Refusals();
    await over.rejects(
      ClosedError,
      () => listener.accept(),
      () => listener.accept({ timeout: 0 }),
    );
    over.end();
  });

  test('a wrong call of wait is refused', async () => {
    const call: Wrong = wait;
    const q = new Queue();
    const r = new Refusals(() => q.qsize());
    await r.rejects(
      TypeError,
      () => call(),
      () => call(null),
      () => call(5),
      () => call(q),
      () => call([5]),
      () => call([null]),
      () => call([{}]),
      () => call([new Lock()]),
      () => call('ab'),
    );
    await r.badWaits((options) => call([q], options));
    await r.badWaits((options) => call([], options));
    q.close();
    r.end();
    (await new Refusals().rejects(ClosedError, () => call([q]))).end();
  });
});

async function callsOfAConnection(r: Refusals, c: Wrong): Promise<void> {
  const bytes = new Uint8Array(4);
  await r.badWaits((options) => c.send(1, options));
  await r.badWaits((options) => c.recv(options));
  await r.badWaits((options) => c.sendBytes(bytes, options));
  await r.badWaits((options) => c.recvBytes(options));
  await r.badWaits((options) => c.recvBytesInto(bytes, options));
  await r.badWaits((options) => c.poll(options));
  await r.badSyncWaits((options) => c.sendSync(1, options));
  await r.badSyncWaits((options) => c.recvSync(options));
  await r.badSyncWaits((options) => c.sendBytesSync(bytes, options));
  await r.badSyncWaits((options) => c.recvBytesSync(options));
  await r.badSyncWaits((options) => c.recvBytesIntoSync(bytes, options));
  await r.badSyncWaits((options) => c.pollSync(options));
  for (const bad of [undefined, null, 'text', 5, [1, 2]]) {
    await r.rejects(
      TypeError,
      () => c.sendBytes(bad),
      () => c.recvBytesInto(bad),
    );
    await r.throws(
      TypeError,
      () => c.sendBytesSync(bad),
      () => c.recvBytesIntoSync(bad),
    );
  }
  for (const bad of [-1, 5, 0.5, Number.NaN]) {
    await r.rejects(
      RangeError,
      () => c.sendBytes(bytes, { offset: bad }),
      () => c.sendBytes(bytes, { size: bad }),
      () => c.recvBytesInto(bytes, { offset: bad }),
    );
    await r.throws(
      RangeError,
      () => c.sendBytesSync(bytes, { offset: bad }),
      () => c.sendBytesSync(bytes, { size: bad }),
    );
  }
  for (const bad of ['1', null]) {
    await r.rejects(
      TypeError,
      () => c.sendBytes(bytes, { offset: bad }),
      () => c.sendBytes(bytes, { size: bad }),
      () => c.recvBytesInto(bytes, { offset: bad }),
      () => c.recvBytes({ maxLength: bad }),
    );
  }
  await r.rejects(
    RangeError,
    () => c.recvBytes({ maxLength: -1 }),
    () => c.recvBytes({ maxLength: Number.NaN }),
  );
}

async function closedConnection(c: Wrong): Promise<void> {
  const bytes = new Uint8Array(4);
  c.close();
  c.close();
  const over = new Refusals(() => [c.closed, c.readable, c.writable]);
  await over.rejects(
    ClosedError,
    () => c.send(1),
    () => c.recv(),
    () => c.sendBytes(bytes),
    () => c.recvBytes(),
    () => c.recvBytesInto(bytes),
    () => c.poll(),
    () => c[Symbol.asyncIterator]().next(),
  );
  await over.throws(
    ClosedError,
    () => c.sendSync(1),
    () => c.recvSync(),
    () => c.sendBytesSync(bytes),
    () => c.recvBytesSync(),
    () => c.recvBytesIntoSync(bytes),
    () => c.pollSync(),
    () => new Queue().putNowait(c),
  );
  over.end();
}
