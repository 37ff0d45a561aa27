// What pools call back sees the AsyncLocalStorage value of the call that it belongs to, not of those that use the pool at the same time.
import { strict as assert } from 'node:assert';
import { AsyncLocalStorage } from 'node:async_hooks';
import { Pool, ThreadPool } from 'multiproc';

const request = new AsyncLocalStorage();
const callers = [1, 2, 3, 4, 5];
const double = (n) => n * 2;
const fails = (n) => {
  throw new RangeError(`${n}`);
};

for (const pool of [new Pool(1), new ThreadPool(1)]) {
  const uses = {
    callback: (note) => pool.applyAsync(double, [1], { callback: note }),
    errorCallback: (note) => pool.applyAsync(fails, [1], { errorCallback: note }),
    onProgress: (note) => pool.map(double, [1, 2], { chunksize: 1, onProgress: note }),
    input: (note) => all(pool.imap(double, items(note))),
    // zone.js itself loses the value there.
    ...(globalThis.Zone === undefined && { 'code after an await': (note) => pool.apply(double, [1]).then(note) }),
  };
  for (const [name, use] of Object.entries(uses)) {
    const seen = [];
    const note = (caller) => () => seen.push(`${caller} ${request.getStore()}`);
    await Promise.all(callers.map((caller) => request.run(caller, () => use(note(caller)).then(null, refuseOthers))));
    for (const caller of callers) assert(seen.includes(`${caller} ${caller}`), `${name} of ${caller} was not called`);
    for (const pair of seen) assert.match(pair, /^(\d) \1$/, name);
  }
  pool.close();
  await pool.join();
}

function* items(note) {
  for (const n of [1, 2, 3]) {
    note();
    yield n;
  }
}

async function all(results) {
  for await (const _ of results);
}

function refuseOthers(error) {
  if (!(error instanceof RangeError)) throw error;
}
