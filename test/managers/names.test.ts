import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { RemoteError } from 'multiproc';
import { BaseManager, type BaseProxy, Manager } from 'multiproc/managers';

/** Names that every object has some meaning for. */
const odd = ['constructor', 'hasOwnProperty', 'toString', 'valueOf', 'isPrototypeOf'];
const special = ['__proto__', '__defineGetter__', '__lookupSetter__'];

class Holder {
  readonly #values = new Map<string, unknown>();
  keep(name: string, value: unknown): number {
    return this.#values.set(name, value).size;
  }
}

class Open extends Manager {
  declare holder: () => BaseProxy & { keep(name: string, value: unknown): Promise<number> };
}
Open.register('holder', Holder);
const manager = new Open();
after(() => manager.shutdown());

/** The server's objects have nothing that they had not before. */
async function assertClean(): Promise<void> {
  const values = await manager.value<unknown>(0).update(() => [({} as { polluted?: unknown }).polluted, [].length]);
  assert.deepEqual(values, [undefined, 0]);
}

describe('names are just names', () => {
  test('names are just names in a namespace, but for those that begin with _', async () => {
    const namespace = manager.namespace<Record<string, unknown>>();
    for (const name of odd) {
      assert.deepEqual([await namespace.get(name), await namespace.has(name)], [undefined, false]);
      await namespace.set(name, { polluted: 1 });
      assert.equal(await namespace.update(name, (old) => [old]).then((value) => (value as unknown[]).length), 1);
    }
    assert.deepEqual(await namespace.keys(), odd);
    assert.deepEqual(Object.keys(await namespace.copy()), odd);
    for (const name of special) await assert.rejects(namespace.set(name, { polluted: 1 }), RemoteError);
    await assert.rejects(manager.namespace(JSON.parse('{ "__proto__": { "polluted": 1 } }')).keys(), RemoteError);
    assert.equal(await namespace.get('polluted'), undefined);
    await assertClean();
  });

  test('names are just names as keys of a dict, and members of a set', async () => {
    const dict = manager.dict<string, unknown>();
    const set = manager.set<string>();
    for (const name of [...odd, ...special]) {
      assert.deepEqual([await dict.get(name), await dict.has(name), await set.has(name)], [undefined, false, false]);
      await dict.set(name, { polluted: 1 });
      await dict.assign({ [name]: { polluted: 2 } });
      await set.add(name);
    }
    await dict.assign(JSON.parse('{ "__proto__": { "polluted": 3 } }'));
    assert.deepEqual(await dict.get('__proto__'), { polluted: 3 });
    assert.equal(await dict.get('polluted'), undefined);
    assert.deepEqual(await dict.keys(), [...odd, ...special]);
    assert.deepEqual([...(await dict.copy()).keys()], [...odd, ...special]);
    assert.deepEqual(await set.values(), [...odd, ...special]);
    const made = manager.dict(JSON.parse('{ "__proto__": { "polluted": 4 } }'));
    assert.deepEqual(await made.entries(), [['__proto__', { polluted: 4 }]]);
    await assertClean();
  });

  test('names are just names in what is put into any container', async () => {
    const sent = JSON.parse('{ "__proto__": { "polluted": 1 }, "constructor": 2 }');
    const list = manager.list([sent]);
    const value = manager.value(sent);
    const queue = manager.queue();
    await queue.put(sent);
    for (const back of [await list.at(0), await value.get(), await queue.get()]) {
      assert.deepEqual(Object.entries(back as object), Object.entries(sent));
      assert.equal((back as { polluted?: unknown }).polluted, undefined);
    }
    await assertClean();
  });

  test('names of methods: only those that a type has can be called', async () => {
    type Callable = { call(method: string, args: unknown[]): Promise<unknown> };
    const objects = [
      ...[manager.namespace(), manager.dict(), manager.list(), manager.set(), manager.value(0), manager.array([1])],
      ...[manager.queue(), manager.joinableQueue(), manager.lock(), manager.rlock(), manager.semaphore()],
      ...[manager.condition(), manager.event(), manager.barrier(1)],
    ];
    for (const object of objects) {
      for (const name of [...odd, ...special, 'call', 'then'])
        await assert.rejects((object as unknown as Callable).call(name, [{ polluted: 1 }]), RemoteError, name);
    }
    const holder = manager.holder() as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    for (const name of [...odd.slice(1), ...special])
      await assert.rejects(async () => await holder[name]!({ polluted: 1 }), RemoteError, name);
    assert.equal(await holder.keep!('__proto__', 1), 1);
    await assertClean();
  });

  test('names of types: none is there that nobody has registered', async () => {
    class Bare extends BaseManager {
      of(type: string): BaseProxy & { x(): Promise<void> } {
        return (this as unknown as { make(...args: unknown[]): never }).make(type, `class:${type}`, []);
      }
    }
    await using bare = new Bare();
    for (const name of [...odd, ...special]) await assert.rejects(bare.of(name).x(), RemoteError);
    for (const name of [...odd, '__proto__']) assert.throws(() => Bare.register(name, Holder), TypeError);
  });

  test('names of options: what is misspelled, or none, is refused', () => {
    for (const name of [...odd, ...special]) {
      const options = Object.defineProperty({}, name, { value: 1, enumerable: true });
      assert.throws(() => new Manager(options), { name: 'TypeError', message: /has no option/ });
    }
  });
});
