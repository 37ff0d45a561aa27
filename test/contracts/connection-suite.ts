import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import {
  type AnyConnection,
  BufferTooShort,
  ClosedError,
  EndOfStreamError,
  Process,
  SerializationError,
  StateError,
  TimeoutError,
} from 'multiproc';
import { watched } from '../watchdog.ts';
import { type Cases, casesOf, type Exceptions } from './cases-of.ts';

/** Makes both ends of a connection. */
export type MakeConnection = () => Promise<[AnyConnection, AnyConnection]>;

/** More waits than a signal takes listeners for without a warning. */
const MANY = 25;

/** The contract `AnyConnection`, case by case. */
const cases: Cases<MakeConnection> = {
  'messages arrive as they were, in their order, both ways': async (make) => {
    const [a, b] = await make();
    const values = [1, undefined, null, 'text', { a: [1] }, -0, 5n, new Map([[1, 2]])];
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const sent = values.map((value) => from.send(value));
      for (const value of values) assert.deepEqual(await watched(to.recv()), value);
      await Promise.all(sent);
    }
  },
  'bytes keep their boundaries, and a part of them may be sent': async (make) => {
    const [a, b] = await make();
    await a.sendBytes(Uint8Array.of(1, 2, 3), { offset: 1 });
    await a.sendBytes(Uint8Array.of(1, 2, 3), { size: 1 });
    await a.sendBytes(new ArrayBuffer(0));
    assert.deepEqual([...(await b.recvBytes())], [2, 3]);
    assert.deepEqual([...(await b.recv())], [1]);
    assert.equal((await b.recvBytes()).length, 0);
  },
  'a range beyond the bytes, and what has none, is refused': async (make) => {
    const [a, b] = await make();
    const bytes = new Uint8Array(3);
    for (const range of [{ offset: 4 }, { offset: -1 }, { offset: 0.5 }, { size: 4 }, { offset: 2, size: 2 }]) {
      await assert.rejects(a.sendBytes(bytes, range), RangeError);
    }
    await assert.rejects(a.sendBytes('text' as never), TypeError);
    await assert.rejects(a.sendBytes(bytes, { offset: '1' as never }), TypeError);
    await assert.rejects(b.recvBytes({ maxLength: -1 }), RangeError);
    await assert.rejects(b.recvBytes({ maxLength: '1' as never }), TypeError);
    assert.equal(await b.poll(), false);
  },
  'recvBytes leaves a value where it is': async (make) => {
    const [a, b] = await make();
    await a.send('value');
    await assert.rejects(b.recvBytes(), StateError);
    assert.equal(await b.recv(), 'value');
  },
  'after a message of too many bytes nothing can be received': async (make) => {
    const [a, b] = await make();
    await a.sendBytes(new Uint8Array(5));
    await assert.rejects(b.recvBytes({ maxLength: 4 }), BufferTooShort);
    await assert.rejects(b.recv());
  },
  'recvBytesInto fills a buffer, or gives the message with the error': async (make) => {
    const [a, b] = await make();
    const target = new Uint8Array(4);
    await a.sendBytes(Uint8Array.of(1, 2));
    assert.equal(await b.recvBytesInto(target, { offset: 1 }), 2);
    assert.deepEqual([...target], [0, 1, 2, 0]);
    await a.sendBytes(Uint8Array.of(1, 2, 3, 4, 5));
    await assert.rejects(
      b.recvBytesInto(target),
      (error) => error instanceof BufferTooShort && error.bytes?.length === 5,
    );
    await a.send('next');
    assert.equal(await b.recv(), 'next');
  },
  'poll looks once, or waits': async (make) => {
    const [a, b] = await make();
    assert.equal(await b.poll(), false);
    assert.equal(await b.poll({ timeout: 5 }), false);
    const polled = b.poll({ timeout: 60_000 });
    await a.send(1);
    assert.equal(await watched(polled), true);
    assert.equal(await b.poll(), true);
    assert.equal(await b.recv(), 1);
    a.close();
    assert.equal(await watched(b.poll({})), true);
  },
  'time that is over rejects with a TimeoutError, and takes nothing': async (make) => {
    const [a, b] = await make();
    await assert.rejects(b.recv({ timeout: 5 }), TimeoutError);
    await assert.rejects(b.recvBytes({ timeout: 0 }), TimeoutError);
    await a.send(1);
    assert.equal(await b.recv({ timeout: 60_000 }), 1);
  },
  'options that make no sense reject, and do nothing': async (make) => {
    const [a, b] = await make();
    for (const timeout of [-1, Number.NaN]) {
      await assert.rejects(a.send(1, { timeout }), RangeError);
      await assert.rejects(a.sendBytes(new Uint8Array(1), { timeout }), RangeError);
      await assert.rejects(b.recv({ timeout }), RangeError);
      await assert.rejects(b.recvBytes({ timeout }), RangeError);
      await assert.rejects(b.poll({ timeout }), RangeError);
    }
    await assert.rejects(a.send(1, 5 as never), TypeError);
    await assert.rejects(b.recv({ timeout: '1' as never }), TypeError);
    await assert.rejects(b.recv({ signal: {} as never }), TypeError);
    assert.equal(await b.poll(), false);
  },
  'an aborted wait rejects with the reason, and has taken nothing': async (make) => {
    const [a, b] = await make();
    const reason = new Error('mine');
    const stop = new AbortController();
    const got = b.recv({ signal: stop.signal });
    stop.abort(reason);
    await assert.rejects(got, (error) => error === reason);
    await assert.rejects(a.send(1, { signal: stop.signal }), (error) => error === reason);
    await assert.rejects(b.poll({ signal: stop.signal }), (error) => error === reason);
    await a.send(2);
    assert.equal(await watched(b.recv()), 2);
  },
  'waits that share a signal give it one listener': async (make) => {
    const [, b] = await make();
    const stop = new AbortController();
    const waits = Array.from({ length: MANY }, () => b.recv({ signal: stop.signal }));
    const failed = Promise.allSettled(waits);
    assert.equal(await b.poll({ timeout: 5 }), false);
    assert.equal(getEventListeners(stop.signal, 'abort').length, 1);
    stop.abort('over');
    for (const each of await watched(failed)) assert.deepEqual(each, { status: 'rejected', reason: 'over' });
    assert.equal(getEventListeners(stop.signal, 'abort').length, 0);
  },
  'waits are served in their order': async (make) => {
    const [a, b] = await make();
    const waits = Array.from({ length: 5 }, () => b.recv());
    for (let n = 0; n < 5; n++) await a.send(n);
    assert.deepEqual(await watched(Promise.all(waits)), [0, 1, 2, 3, 4]);
  },
  'what cannot be sent is a SerializationError, and nothing is sent': async (make) => {
    const [a, b] = await make();
    await assert.rejects(a.send({ deep: [Promise.resolve()] }), SerializationError);
    await a.send('next');
    assert.equal(await b.recv(), 'next');
  },
  'what was sent before the end is received, then the end': async (make) => {
    const [a, b] = await make();
    await a.send(1);
    await a.send(2);
    a.close();
    assert.equal(await b.recv(), 1);
    assert.equal(await b.recv(), 2);
    await assert.rejects(watched(b.recv()), EndOfStreamError);
    await assert.rejects(watched(b.recvBytes()), EndOfStreamError);
    await assert.rejects(watched(b.send(3)), EndOfStreamError);
  },
  'a wait ends when the other end is closed': async (make) => {
    const [a, b] = await make();
    const got = assert.rejects(watched(b.recv()), EndOfStreamError);
    a.close();
    await got;
  },
  'what is closed ends its waits, and refuses every later use': async (make) => {
    const [a] = await make();
    const got = assert.rejects(watched(a.recv()), ClosedError);
    assert.deepEqual([a.closed, a.readable, a.writable], [false, true, true]);
    a.close();
    a.close();
    await got;
    assert.deepEqual([a.closed, a.readable, a.writable], [true, false, false]);
    for (const use of [
      () => a.send(1),
      () => a.recv(),
      () => a.sendBytes(new Uint8Array(1)),
      () => a.recvBytes(),
      () => a.recvBytesInto(new Uint8Array(1)),
      () => a.poll(),
    ]) {
      await assert.rejects(use(), ClosedError, String(use));
    }
  },
  'a loop receives until the end, and leaving it costs no message': async (make) => {
    const [a, b] = await make();
    for (const value of [1, 2, 3]) await a.send(value);
    a.close();
    for await (const value of b) {
      assert.equal(value, 1);
      break;
    }
    const rest: unknown[] = [];
    for await (const value of b) rest.push(value);
    assert.deepEqual(rest, [2, 3]);
  },
  'its end goes to another process': async (make) => {
    const [a, b] = await make();
    const p = new Process({
      target: async (end: AnyConnection) => {
        for await (const value of end) await end.send([value]);
      },
      args: [b],
    });
    p.start();
    b.close();
    await a.send('there');
    assert.deepEqual(await watched(a.recv()), ['there']);
    a.close();
    await p.join();
    assert.equal(p.exitCode, 0);
  },
};

/** Runs the cases of the contract over one kind of connection. */
export function connectionSuite(name: string, make: MakeConnection, exceptions: Exceptions = {}): void {
  casesOf(`${name} as a connection`, cases, make, exceptions, async (run) => {
    const ends: AnyConnection[] = [];
    try {
      await run(async () => {
        const made = await make();
        ends.push(...made);
        return made;
      });
    } finally {
      for (const end of ends) await end.close();
    }
  });
}
