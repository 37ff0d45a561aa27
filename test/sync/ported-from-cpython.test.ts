/**
 * Cases of CPython's own tests of multiprocessing.Lock (Lib/test/_test_multiprocessing.py, _TestLock), written anew for this
 * library. CPython is Copyright (c) 2001 Python Software Foundation, under the PSF licence.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lock, Queue, StateError } from 'multiproc';
import { start } from '../inside.ts';

test('S01 test_lock', () => {
  const lock = new Lock();
  assert.equal(lock.acquireSync(), true);
  assert.equal(lock.acquireSync({ timeout: 0 }), false);
  assert.equal(lock.release(), undefined);
  assert.throws(() => lock.release(), StateError);
});

test('S02 test_lock_locked_2processes', async () => {
  const lock = new Lock();
  const [taken, done] = [new Queue<number>(), new Queue<number>()];
  const p = start(
    (l: Lock, t: Queue<number>, d: Queue<number>) => {
      l.acquireSync();
      t.putSync(1);
      d.getSync();
      l.release();
    },
    lock,
    taken,
    done,
  );
  await taken.get();
  assert.equal(lock.locked(), true);
  done.putSync(1);
  await p.join();
  assert.equal(lock.locked(), false);
});
