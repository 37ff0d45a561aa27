import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
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
  test('is a RemoteError that looks like it, and the rest of the message is there', () => {
    const error = new Fussy('the original');
    const [first, second, text] = roundTrip([error, error, 'after it'] as const);
    assertRemains(first, error);
    assert.equal(second, first);
    assert.equal(text, 'after it');
    const fine = roundTrip(new Fine('made'));
    assert.ok(fine instanceof Fine);
    assert.equal(fine.message, 'made');
  });

  test('so is one whose state cannot be made', () => {
    const error = new Fussy('the original', [{ in: new Refusing() }]);
    const [first, last] = roundTrip([error, 'after it'] as const);
    assertRemains(first, error);
    assert.equal(last, 'after it');
    assert.throws(() => roundTrip(new Refusing()), /not like this/);
  });

  test('and as the cause of another', () => {
    const error = new Error('outer', { cause: new Fussy('the original') });
    const arrived = roundTrip(error);
    assert.equal(arrived.message, 'outer');
    assertRemains(arrived.cause, error.cause as Error);
  });

  test('so is one whose class cannot be made, with hooks or without', () => {
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

  test('from a task, a managed object and through a queue', async () => {
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
