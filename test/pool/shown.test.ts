import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { Pool, ThreadPool } from 'multiproc';
import { Listener } from 'multiproc/connection';
import { Manager } from 'multiproc/managers';
import { test } from '../cases.ts';
import { watched } from '../watchdog.ts';

test('what is printed of a pool and of its results says how they are', async () => {
  const pool = new Pool(2);
  assert.equal(inspect(pool), 'Pool (open, 2 workers)');
  assert.equal(inspect(new ThreadPool(1)), 'ThreadPool (open, 1 worker)');
  const [good, bad] = [pool.applyAsync(Math.max, [1]), pool.applyAsync(() => assert.fail())];
  assert.equal(inspect(good), 'AsyncResult (pending)');
  await watched(Promise.all([good.wait(), bad.wait()]));
  assert.deepEqual([inspect(good), inspect(bad)], ['AsyncResult (done)', 'AsyncResult (failed)']);
  pool.close();
  assert.equal(inspect(pool), 'Pool (closed, 2 workers)');
  await watched(pool.join());
});

test('what is printed of a listener and of a manager says how they are', async () => {
  const listener = new Listener({ address: '127.0.0.1:0' });
  assert.equal(inspect(listener), `Listener (at ${listener.address})`);
  listener.close();
  assert.equal(inspect(listener), 'Listener (closed)');
  const manager = new Manager();
  assert.equal(inspect(manager), 'Manager (new)');
  manager.start();
  assert.equal(inspect(manager), 'Manager (started)');
  await watched(manager.shutdown());
  assert.equal(inspect(manager), 'Manager (closed)');
});
