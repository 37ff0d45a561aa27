import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { ClosedError, EndOfStreamError, pipe, Queue, RemoteError, registerClass } from 'multiproc';
import type { Connection } from 'multiproc/connection';
import { type Factory, Manager } from 'multiproc/managers';
import { Caller } from '#dist/managers/caller.js';
import { Returns } from '#dist/managers/lease.js';
import { Lender } from '#dist/managers/lender.js';
import { type ObjectId, say } from '#dist/managers/messages.js';
import { ObjectTable } from '#dist/managers/object-table.js';
import { serve } from '#dist/managers/served-object.js';
import { Session } from '#dist/managers/session.js';
import { watched } from '../watchdog.ts';

type Post = (message: unknown) => Promise<void>;

class Report {}
class Failure extends Error {}
class Odd {}
const unwilling = (): never => {
  throw new RangeError('it does not want to go');
};
registerClass(Report, { encode: unwilling });
registerClass(Failure, { encode: unwilling });
registerClass(Odd, {
  encode: () => {
    throw new EndOfStreamError('the end of something else');
  },
});

class Store {
  answer(what: string): unknown {
    if (what === 'an instance') return new Report();
    if (what === 'an instance within') return [{ report: new Report() }];
    if (what === 'a getter') return Object.defineProperty({}, 'x', { enumerable: true, get: unwilling });
    if (what === 'the end of something else') return new Odd();
    const [end] = pipe();
    end.close();
    if (what === 'a closed pipe') return [end];
    throw new Failure(what);
  }
  later(what: string): Promise<unknown> {
    return Promise.resolve().then(() => this.answer(what));
  }
  take(_: unknown): string {
    return 'taken';
  }
}

class Disposed {
  readonly #gone: Queue<string>;
  readonly #name: string;
  constructor(gone: Queue<string>, name: string) {
    this.#gone = gone;
    this.#name = name;
  }
  touch(): void {}
  [Symbol.dispose](): void {
    this.#gone.putSync(this.#name);
    if (this.#name === 'bad') throw new Error('it cannot be disposed of');
  }
}

class Stores extends Manager {
  declare store: Factory<typeof Store>;
  declare disposed: Factory<typeof Disposed>;
}
Stores.register('store', Store);
Stores.register('disposed', Disposed);

const manager = new Stores();
after(() => manager.shutdown());

describe('what keeps an answer from being sent is the answer', () => {
  const reasons = {
    'an instance': /it does not want to go/,
    'an instance within': /it does not want to go/,
    'a getter': /it does not want to go/,
    'an error': /it does not want to go/,
    'the end of something else': /the end of something else/,
    'a closed pipe': /closed/,
  };
  for (const [what, reason] of Object.entries(reasons)) {
    test(`what keeps an answer from being sent is the answer: ${what}`, async () => {
      const store = manager.store();
      for (const method of ['answer', 'later'] as const) {
        await assert.rejects(watched(store[method](what)), (error: Error) => {
          assert.ok(error instanceof RemoteError, String(error));
          assert.match(error.message, /The result of .+ cannot be sent: /);
          assert.match(error.message, reason);
          assert.match((error.cause as Error).message, reason);
          return true;
        });
      }
      assert.equal(await store.take(1), 'taken');
    });
  }
});

test('what keeps a call from being sent is what it rejects with', async () => {
  const store = manager.store();
  const [end] = pipe();
  end.close();
  await assert.rejects(watched(store.take(new Report())), RangeError);
  await assert.rejects(watched(store.take(end)), ClosedError);
  await assert.rejects(watched(store.take(new Odd())), /the end of something else/);
  assert.equal(await store.take(1), 'taken');
});

describe('a session', () => {
  /** One that serves one object, and whose end of the connection posts by `post`. */
  function served(post: (message: unknown, own: Post) => Promise<void>): Connection {
    const [mine, theirs] = pipe();
    const own = (mine as unknown as { post: Post }).post.bind(mine);
    Object.assign(mine, { post: (message: unknown) => post(message, own) });
    const table = new ObjectTable('x', new Lender<ObjectId>(new Returns(), () => {}), () => serve('x', { x: () => 7 }));
    const session = new Session(mine, table, undefined, () => {});
    table.create('x', 'x', () => [], undefined, new Caller(session));
    void session.serve();
    return theirs;
  }

  const failures = {
    'at once': () => unwilling(),
    later: () => Promise.reject(new RangeError('it does not want to go')),
  };
  for (const [when, fail] of Object.entries(failures)) {
    test(`a session tells what failed ${when}`, async () => {
      let isFirst = true;
      const client = served((message, own) => {
        if (!isFirst) return own(message);
        isFirst = false;
        return fail();
      });
      await client.send([say.CALL, 1, 'x', 'x', []]);
      const [call, how, error] = await watched(client.recv());
      assert.deepEqual([call, how], [1, 1]);
      assert.match(error.open().message, /The result of x\.x\(\) cannot be sent: it does not want to go/);
    });

    test(`a session ends if nothing can be told: ${when}`, async () => {
      const client = served(fail);
      await client.send([say.CALL, 1, 'x', 'x', []]);
      await assert.rejects(watched(client.recv()), EndOfStreamError);
    });
  }
});

test('an object that cannot be disposed of does not keep others from it', async () => {
  const gone = new Queue<string>();
  for (const name of ['bad', 'bad', 'good']) {
    const object = manager.disposed(gone, name);
    await object.touch();
    object[Symbol.dispose]();
    assert.equal(await watched(gone.get()), name);
  }
});
