import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { Pool, Queue, RemoteError } from 'multiproc';
import { Manager } from 'multiproc/managers';
import { registerClass, registrationOf } from '#dist/codec/class-registry.js';
import { extensionById, type ValueReader } from '#dist/codec/extension.js';
import { receive, roundTrip, send } from './round-trip.ts';

class Fussy extends RangeError {
  override name = 'Fussy';
  readonly detail: unknown;
  constructor(message: string, detail?: unknown) {
    super(message);
    this.detail = detail;
  }
}
const refuse = (): never => {
  throw new TypeError('not like this');
};
registerClass(Fussy, { encode: ({ detail }) => detail, decode: refuse });

class Fine extends Error {}
registerClass(Fine, { encode: ({ message }) => message, decode: (message) => new Fine(message) });

class Plain extends Error {
  override name = 'Plain';
}
class Refusing {}
registerClass(Refusing, { encode: () => 1, decode: refuse });

/** Runs `use` where the class in a message cannot be made. */
function withoutFunctions(use: () => void): void {
  const { forms } = extensionById(2)!;
  const own = forms.map((form) => form.read);
  for (const form of forms) Object.assign(form, { read: (_: ValueReader) => refuse() });
  try {
    use();
  } finally {
    for (const [i, form] of forms.entries()) Object.assign(form, { read: own[i] });
  }
}

function assertRemains(value: unknown, original: Error): void {
  assert.ok(value instanceof RemoteError);
  assert.equal(value.code, 'ERR_REMOTE');
  assert.deepEqual([value.name, value.message, value.stack], [original.name, original.message, original.stack]);
  assert.deepEqual(Object.keys(value), ['code']);
  assert.ok(value.cause instanceof TypeError);
  assert.equal(value.cause.message, 'not like this');
}

describe('an error that cannot be made where it arrives', () => {
  test('an error that cannot be made arrives as a RemoteError that looks like it, with the rest of the message', () => {
    const error = new Fussy('the original');
    const [first, second, text] = roundTrip([error, error, 'after it'] as const);
    assertRemains(first, error);
    assert.equal(second, first);
    assert.equal(text, 'after it');
    const fine = roundTrip(new Fine('made'));
    assert.ok(fine instanceof Fine);
    assert.equal(fine.message, 'made');
  });

  test('an error whose state cannot be made arrives as a RemoteError', () => {
    const error = new Fussy('the original', [{ in: new Refusing() }]);
    const [first, last] = roundTrip([error, 'after it'] as const);
    assertRemains(first, error);
    assert.equal(last, 'after it');
    assert.throws(() => roundTrip(new Refusing()), /not like this/);
  });

  test('an error that cannot be made arrives as a RemoteError as the cause of another', () => {
    const error = new Error('outer', { cause: new Fussy('the original') });
    const arrived = roundTrip(error);
    assert.equal(arrived.message, 'outer');
    assertRemains(arrived.cause, error.cause as Error);
  });

  test('an error whose class cannot be made arrives as a RemoteError, with hooks or without', () => {
    registerClass(Plain);
    for (const error of [new Fussy('the original'), Object.assign(new Plain('the original'), { code: 'ERR_OWN' })]) {
      const own = Object.assign(error, { self: error });
      const sent = send([own, own, 'after it']);
      // Of a class that this process has not met.
      const id = Buffer.from(registrationOf(error.constructor as typeof Fussy)!.id);
      for (let at = 0; (at = Buffer.from(sent.bytes.buffer).indexOf(id, at)) !== -1; at++) sent.bytes[at] = 0x21;
      withoutFunctions(() => {
        const [first, second, text] = receive(sent) as [Error, Error, string];
        assertRemains(first, error);
        assert.equal(second, first);
        assert.equal(text, 'after it');
      });
    }
  });

  test('an error that cannot be made arrives as a RemoteError from a task, from a managed object and through a queue', async () => {
    const error = new Fussy('of a queue');
    const queue = new Queue<Fussy>();
    await queue.put(error);
    assertRemains(await queue.get(), error);
    await using pool = new Pool(1);
    await using manager = new Manager();
    const fail = (message: string): never => {
      throw new Fussy(message);
    };
    const ways = [() => pool.apply(fail, ['of a task']), () => manager.value('of an object').update(fail)];
    for (const way of ways) {
      await assert.rejects(way, (arrived: Error) => {
        assert.ok(arrived instanceof RemoteError);
        assert.match(arrived.message, /^of (a task|an object)$/);
        assert.equal(arrived.name, 'Fussy');
        assert.match(arrived.stack!, /fail/);
        assert.equal((arrived.cause as Error).message, 'not like this');
        return true;
      });
    }
  });
});

describe('a property of an error', () => {
  /** What arrives of these properties of an error. */
  const arrives = (properties: object): Record<string, unknown> => {
    const error = roundTrip(Object.assign(new Error('m'), properties));
    assert.equal(error.message, 'm');
    return { ...error } as unknown as Record<string, unknown>;
  };
  const why = (path: string, reason = 'a symbol cannot be sent') => `[not sent: Cannot send ${path}: ${reason}.]`;

  test('a property of an error that cannot be sent is replaced alone, at any depth', () => {
    const symbol = Symbol('s');
    const shared = { n: 1 };
    assert.deepEqual(arrives({ detail: { useful: 1, symbol, list: [1, symbol, shared], shared } }), {
      detail: { useful: 1, symbol: why('detail.symbol'), list: [1, why('detail.list[1]'), shared], shared },
    });
    assert.deepEqual(
      arrives({
        map: new Map<unknown, unknown>([
          ['a', symbol],
          [symbol, 2],
        ]),
        set: new Set([1, symbol]),
      }),
      {
        map: new Map<unknown, unknown>([
          ['a', why('map.get("a")')],
          [why('map.keys()[1]'), 2],
        ]),
        set: new Set([1, why('set.values()[1]')]),
      },
    );
    assert.deepEqual(arrives({ boxed: Object(symbol) }), { boxed: why('boxed') });
    const getter = {
      useful: 1,
      get broken(): unknown {
        throw Object.create(null);
      },
      get worse(): unknown {
        throw new TypeError('no');
      },
    };
    assert.deepEqual(arrives({ getter }), {
      getter: { useful: 1, broken: '[not sent: what was thrown instead cannot be shown]', worse: '[not sent: no]' },
    });
  });

  test('a replaced property is named by its path from the error', () => {
    const inner = Object.assign(new Error('inner'), { a: { b: Symbol('s') } });
    const arrived = receive(send({ result: [new Error('outer', { cause: { inner } })] }, 'result')) as {
      result: [{ cause: { inner: typeof inner } }];
    };
    assert.deepEqual(arrived.result[0].cause.inner.a, { b: why('a.b') });
    assert.throws(() => send({ error: inner, other: Symbol('s') }, 'value'), { path: 'value.other' });
  });

  test('a property of an error of an HTTP client keeps what was answered', async () => {
    const request = process.stdout;
    const response = { status: 503, data: { reason: 'busy' }, headers: { 'retry-after': '1' }, request };
    const config = { url: '/x', validateStatus: () => true };
    // What functions share goes beside the message.
    const queue = new Queue<Record<string, unknown>>();
    await queue.put(Object.assign(new Error('m'), { code: 'ERR_BAD_RESPONSE', config, request, response }) as never);
    const arrived = await queue.get();
    assert.deepEqual(arrived.code, 'ERR_BAD_RESPONSE');
    assert.equal((arrived.config as { url: string }).url, '/x');
    assert.match(arrived.request as string, /^\[not sent: Cannot send request: .* bound to their process\.\]$/);
    const { request: not, ...rest } = arrived.response as typeof response;
    assert.deepEqual(rest, { status: 503, data: { reason: 'busy' }, headers: { 'retry-after': '1' } });
    assert.match(String(not), /^\[not sent: Cannot send response\.request: /);
  });

  test('a property of an error that is an instance of a registered class is whole or not there', () => {
    class Whole {
      readonly symbol = Symbol('s');
      readonly fine = new Error('m');
    }
    registerClass(Whole);
    assert.deepEqual(arrives({ list: [new Whole(), 1] }), { list: [why('list[0].symbol'), 1] });
  });

  test('a property of an error may nest as deeply as anything, and deeper ones are cut off', () => {
    let deep: unknown[] = [];
    for (let i = 0; i < 100_000; i++) deep = [deep];
    let levels = 0;
    let arrived = arrives({ deep }).deep;
    for (; Array.isArray(arrived); levels++) arrived = arrived[0];
    assert.equal(levels, 98);
    assert.match(String(arrived), /nested too deeply/);
    const fine = (at: unknown): unknown => (Array.isArray(at) && at.length > 0 ? fine(at[0]) : at);
    let list: unknown[] = [];
    for (let i = 0; i < 1500; i++) list = [list];
    assert.deepEqual(fine(arrives({ list }).list), []);
    assert.deepEqual(arrives({ list, symbol: Symbol('s') }).symbol, why('symbol'));
  });
});

describe('a stack that is no text', () => {
  const { prepareStackTrace } = Error;
  afterEach(() => {
    Error.prepareStackTrace = prepareStackTrace;
  });

  test('a stack that is no text is left out, and the error arrives', () => {
    for (const prepare of [(_: Error, sites: unknown) => sites, () => undefined, () => Symbol('s'), () => refuse()]) {
      Error.prepareStackTrace = prepare;
      const error = Object.assign(new RangeError('r'), { code: 'X' });
      const sent = send([error, new Fussy('hooked')]);
      Error.prepareStackTrace = prepareStackTrace;
      const [first, second] = receive(sent) as [RangeError, RemoteError];
      assert.ok(first instanceof RangeError);
      assert.deepEqual({ ...first }, { code: 'X' });
      assert.equal(typeof first.stack, 'undefined');
      assert.equal(second.name, 'Fussy');
    }
  });

  test('a stack of a task that is no text does not hide its error, nor does a frozen limit of stacks', async () => {
    await using pool = new Pool(1);
    const spoil = [
      () => void (Error.prepareStackTrace = (_, sites) => sites),
      () => void Object.defineProperty(Error, 'stackTraceLimit', { value: 1, writable: false, configurable: false }),
    ];
    for (const task of spoil) {
      await pool.apply(task);
      assert.equal(await pool.apply((error: Error) => error.message, [new RangeError('sent')]), 'sent');
      const thrown = pool.apply(() => {
        throw Object.assign(new RangeError('r'), { code: 'X' });
      });
      await assert.rejects(thrown, { name: 'RangeError', message: 'r', code: 'X' });
    }
    Error.prepareStackTrace = (_, sites) => sites;
    const thrown = pool.apply(() => {
      throw Object.assign(new RangeError('r'), { code: 'X' });
    });
    await assert.rejects(thrown, { name: 'RangeError', message: 'r', code: 'X' });
  });
});
