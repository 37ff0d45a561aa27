import assert from 'node:assert/strict';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { Encoder } from '#dist/codec/encoder.js';
import { reach } from '#dist/codec/extension.js';
import { decoders, encoders } from '#dist/codec/spares.js';
import { Full, SerializationError } from '#dist/contracts/errors.js';
import { receive, roundTrip, send } from './round-trip.ts';

function pathOf(value: unknown, root = ''): string {
  try {
    send(value, root);
  } catch (error) {
    assert.ok(error instanceof SerializationError);
    assert.ok(error.message.includes(error.path), error.message);
    return error.path;
  }
  assert.fail('not refused');
}

test('a refusal names the path to the culprit', () => {
  const bad = Symbol('bad');
  assert.equal(pathOf(bad), '');
  assert.equal(pathOf([{ socket: bad }], 'args'), 'args[0].socket');
  assert.equal(pathOf({ a: { 'odd key': bad } }), 'a["odd key"]');
  assert.equal(pathOf([0, 0, { map: new Map([['k', bad]]) }]), '[2].map.get("k")');
  assert.equal(pathOf(new Map([[1, [bad]]]), 'item'), 'item.get(1)[0]');
  assert.equal(pathOf(new Map([[{}, bad]]), 'item'), 'item.values()[0]');
  assert.equal(pathOf(new Map([[bad, 1]]), 'item'), 'item.keys()[0]');
  assert.equal(pathOf(new Set([1, bad]), 'item'), 'item.values()[1]');
  assert.equal(pathOf(Object.assign([1], { 2: [bad] }), 'item'), 'item[2][0]');
  assert.equal(pathOf(Object.assign([1], { extra: bad }), 'item'), 'item.extra');
  assert.equal(pathOf({ a: [1], b: { c: 1 }, d: bad }), 'd');
});

test('a socket is refused as a whole', async () => {
  const server = createServer().listen(0);
  const socket = connect((server.address() as { port: number }).port);
  assert.throws(() => send([{ socket }], 'args'), {
    path: 'args[0].socket',
    message: /a Socket is bound to its process/,
  });
  assert.throws(() => send({ server }), /a Server is bound to its process/);
  socket.destroy();
  server.close();
});

test('a function is refused where no extension carries it', () => {
  assert.throws(() => send({ f() {} }), { path: 'f', message: /function/ });
});

test('what a getter throws comes through, and the encoder goes on', () => {
  const encoder = new Encoder();
  const failing = {
    a: [1, 2],
    get b() {
      throw new RangeError('mine');
    },
  };
  assert.throws(() => encoder.encode(failing, ''), { message: 'mine' });
  const { bytes, length } = encoder.encode([failing.a, failing.a], '');
  assert.deepEqual(receive({ bytes: bytes.slice(0, length), blobs: [], handles: [] }), [
    [1, 2],
    [1, 2],
  ]);
});

test('a getter may send something itself', () => {
  const value = {
    a: 1,
    get b() {
      return roundTrip({ inner: [1, { c: 2 }] });
    },
    d: 4,
  };
  assert.deepEqual(roundTrip(value), { a: 1, b: { inner: [1, { c: 2 }] }, d: 4 });
});

test('one encoder does not begin a second message inside the first', () => {
  encoders.with((encoder) => {
    assert.throws(
      () =>
        encoder.encode(
          {
            get a() {
              return encoder.encode(1, '');
            },
          },
          '',
        ),
      /in the middle/,
    );
    assert.equal(
      decoders.with((d) => d.decode(encoder.encode(7, '').bytes, 0, 2, () => new ArrayBuffer(0), [], reach.FAMILY)),
      7,
    );
  });
});

test('a property that vanishes while it is read is left out', () => {
  const value: Record<string, unknown> = {
    get a() {
      delete value.b;
      return 1;
    },
    b: 2,
    c: 3,
  };
  const received = roundTrip(value);
  assert.deepEqual(received, { a: 1, c: 3 });
  assert.ok(!('b' in received));
});

test('a getter that adds to the map being sent does not go on for ever', () => {
  const map = new Map<number, unknown>();
  for (let i = 0; i < 3; i++)
    map.set(i, {
      get a() {
        return map.set(map.size, 0) && i;
      },
    });
  assert.equal(roundTrip(map).size, 3);
});

test('values that nest too deeply are refused on any stack, and the encoder goes on', () => {
  let deep: unknown[] = [];
  for (let i = 0; i < 100_000; i++) deep = [deep];
  const deeper = (n: number): void => (n === 0 ? void send(deep) : deeper(n - 1));
  for (const n of [0, 1000, 5000]) {
    assert.throws(() => deeper(n), { name: 'SerializationError', message: /nested too deeply/ });
  }
  assert.deepEqual(roundTrip([1]), [1]);
  let legal: unknown[] = [];
  for (let i = 0; i < 1900; i++) legal = [legal];
  assert.equal(JSON.stringify(roundTrip(legal)), JSON.stringify(legal));
});

test("large binaries travel beside the message, as views onto the sender's memory", () => {
  encoders.with((encoder) => {
    const large = new Float64Array(100_000);
    const small = new Uint8Array(32 * 1024 - 1);
    const { blobs, length } = encoder.encode([large, small, large.subarray(10, 20)], '');
    assert.equal(blobs.length, 1);
    assert.equal(blobs[0]?.buffer, large.buffer);
    assert.ok(length < 33_000);
  });
});

test('the receiver gets the memory of a blob itself', () => {
  const sent = send(new Uint8Array(50_000).fill(7));
  const received = receive(sent) as Uint8Array;
  assert.equal(received.buffer, sent.blobs[0]);
  const view = send(new Uint8Array(100_000).fill(7).subarray(1, 50_001));
  assert.equal((receive(view) as Uint8Array).byteLength, 50_000);
});

test('two views over one buffer arrive over one buffer', () => {
  for (const size of [64, 100_000]) {
    const buffer = new ArrayBuffer(size);
    const [a, b, dv] = roundTrip([
      new Uint8Array(buffer, 8, 8),
      new Uint32Array(buffer, 16, 2),
      new DataView(buffer),
    ] as const);
    a[0] = 1;
    assert.equal(a.buffer, b.buffer);
    assert.equal(dv.getUint8(8), 1);
    assert.equal(a.buffer.byteLength, size);
  }
});

test('Buffers from one pool arrive apart, with their own bytes', () => {
  const [a, b] = roundTrip([Buffer.from('hello'), Buffer.from('world')] as const);
  assert.ok(Buffer.isBuffer(a) && a.toString() === 'hello' && b.toString() === 'world');
  assert.equal(a.buffer.byteLength, 5);
});

test('errors of the library keep their class', () => {
  const sent = Object.assign(new Full(), { done: 3 });
  const received = roundTrip(sent);
  assert.ok(received instanceof Full && received instanceof Error);
  assert.equal(Object.getPrototypeOf(received), Full.prototype);
  assert.deepEqual(
    [received.code, received.done, received.message, received.stack],
    [sent.code, 3, sent.message, sent.stack],
  );
  const refusal = roundTrip(new SerializationError('m', 'a.b', { cause: new Error('c') }));
  assert.ok(refusal instanceof SerializationError && refusal.path === 'a.b');
  assert.equal((refusal.cause as Error).message, 'c');
});

test('an error arrives although a property of it cannot', () => {
  const error = Object.assign(new Error('m', { cause: { f() {} } }), {
    a: { deep: [{ s: Symbol('s') }] },
    shape: { x: 1 },
  });
  const get = () => {
    throw new Error('no');
  };
  Object.defineProperty(error, 'bad', { enumerable: true, get });
  const shared = { x: 2 };
  const [received, after, again] = roundTrip([error, { x: 3, s: shared }, shared] as const);
  assert.deepEqual(received.cause, { f: '[not sent: Cannot send cause.f: a function cannot be sent here.]' });
  assert.deepEqual(received.a, { deep: [{ s: '[not sent: Cannot send a.deep[0].s: a symbol cannot be sent.]' }] });
  assert.match(String(Reflect.get(received, 'bad')), /not sent: no/);
  assert.deepEqual([received.shape, after, again], [{ x: 1 }, { x: 3, s: { x: 2 } }, { x: 2 }]);
  assert.equal(after.s, again);
});

test('handles and blobs that were given away do not change with the next message', () => {
  encoders.with((encoder) => {
    const first = encoder.encode(1, '').handles;
    encoder.handle(7);
    assert.deepEqual(first, []);
  });
});

test('small binaries decoded from a Buffer get memory of their own', () => {
  const { bytes } = send(new Uint8Array([1, 2, 3]));
  const pooled = Buffer.from(bytes);
  const received = decoders.with((d) =>
    d.decode(pooled, 0, pooled.length, () => new ArrayBuffer(0), [], reach.FAMILY),
  ) as Uint8Array;
  assert.equal(received.buffer.byteLength, 3);
  pooled.fill(0);
  assert.deepEqual(received, new Uint8Array([1, 2, 3]));
});
