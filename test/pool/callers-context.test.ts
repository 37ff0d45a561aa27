import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { describe } from 'node:test';
import { test } from '../cases.ts';
import { watched } from '../watchdog.ts';
import { all, errorOf, poolOf } from './pools.ts';

const request = new AsyncLocalStorage<number>();
const callers = [...Array(20).keys()];

/** Has many callers, each with a store of its own, use one worker at the same time; answers what each one's function of the user saw. */
async function seen(use: (note: () => void) => PromiseLike<unknown>): Promise<void> {
  const stores: [caller: number, store: number | undefined][] = [];
  const note = (caller: number) => () => void stores.push([caller, request.getStore()]);
  await watched(Promise.all(callers.map((caller) => request.run(caller, () => use(note(caller))))));
  assert(stores.length >= callers.length);
  for (const [caller, store] of stores) assert.equal(store, caller);
}

const fails = (n: number) => {
  throw new Error(`${n}`);
};

describe('AsyncLocalStorage shows the store of the caller', () => {
  test('AsyncLocalStorage shows the store of the caller in callback and errorCallback', async () => {
    const pool = poolOf(1);
    await seen((callback) => pool.applyAsync((n: number) => n, [1], { callback }));
    await seen((errorCallback) => errorOf(pool.applyAsync(fails, [1], { errorCallback })));
    await seen((callback) => pool.mapAsync((n: number) => n, [1, 2], { callback }));
    await seen((errorCallback) => errorOf(pool.starmapAsync(fails, [[1]], { errorCallback })));
  });

  test('AsyncLocalStorage shows the store of the caller in onProgress', async () => {
    const pool = poolOf(1);
    const options = (onProgress: () => void) => ({ chunksize: 1, onProgress });
    await seen((note) => pool.map((n: number) => n, [1, 2], options(note)));
    await seen((note) => all(pool.imap((n: number) => n, [1, 2], options(note))));
    await seen((note) => all(pool.imapUnordered((n: number) => n, [1, 2], options(note))));
  });

  test('AsyncLocalStorage shows the store of the caller in the input of an iteration, whatever code reads or ends it', async () => {
    const pool = poolOf(1);
    const results: AsyncIterableIterator<number>[] = [];
    await seen(async (note) => {
      async function* items() {
        try {
          for (let n = 0; ; n++) {
            note();
            yield n;
          }
        } finally {
          note();
        }
      }
      results.push(pool.imap((n: number) => n, items(), { buffersize: 1 }));
      // Other code reads on, and leaves.
      if (results.length < callers.length) return;
      for (const each of results) {
        await request.run(-1, () => each.next());
        await request.run(-2, () => each.return!());
      }
    });
  });
});
