import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lock, Process, Queue } from 'multiproc';
import { family } from '#dist/memory/family.js';
import { watchdog } from '../hang.ts';
import { holdUntilKilled, inLine, slay, start, until } from '../inside.ts';

const TIMEOUT = { timeout: 30_000 };

test('an orphan is reclaimed at last, also if the one who has reclaimed its parent is dead by then', async () => {
  const lock = new Lock();
  const said = new Queue<number>();
  using _ = watchdog('orphans', 60, lock, said);
  const parent = start(
    (l: Lock, q: Queue<number>) => {
      const orphan = new Process({
        target: async (names: Queue<number>) => {
          await names.put(family().me);
          await names.put(process.pid);
          setInterval(() => {}, 1e6);
        },
        args: [q],
        detached: true,
      });
      orphan.start();
      l.acquireSync();
      new Queue().getSync();
    },
    lock,
    said,
  );
  const [orphan, pid] = [await said.get(TIMEOUT), await said.get(TIMEOUT)];
  await until(() => lock.locked());
  const reclaimer = start(holdUntilKilled, lock, said);
  await inLine(lock, 1, [reclaimer]);
  parent.kill();
  // This event loop stands still until another has reclaimed it.
  while (said.qsize() === 0);
  await slay(reclaimer);
  await parent.join();
  process.kill(pid, 'SIGKILL');
  await until(() => family().members.isKnownGone(orphan));
  assert.equal(await lock.acquire(TIMEOUT), true);
});
