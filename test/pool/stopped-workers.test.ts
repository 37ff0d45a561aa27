import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Queue } from 'multiproc';
import { family } from '#dist/memory/family.js';
import { field } from '#dist/memory/members.js';
import { test } from '../cases.ts';
import { stateOf, until } from '../process/program.ts';
import { watched } from '../watchdog.ts';
import { lives, poolOf } from './pools.ts';

// On a single CPU nobody tries again and again.
const skip = availableParallelism() === 1;

test('a worker that is stopped while it tries again and again for a task stops nobody else', { skip }, async () => {
  const pool = poolOf({
    processes: 2,
    execArgv: ['--import', fileURLToPath(new URL('./fixtures/stops-at-look.js', import.meta.url))],
  });
  const said = new Queue<[pid: number, member: number]>();
  const gate = new Queue<number>();
  const both = [1, 2].map(() =>
    pool.apply(async () => {
      await said.put([process.pid, family().me]);
      return gate.get();
    }),
  );
  const workers = [await watched(said.get()), await watched(said.get())];
  await gate.putMany([1, 2]);
  await watched(Promise.all(both));
  const sleeps = ([, member]: [number, number]) => family().members.get(member, field.parked) !== 0;
  await until(() => workers.every(sleeps));
  const memberOf = new Map(workers);
  const isAsleep = (pid: number) => sleeps([pid, memberOf.get(pid)!]);
  const orders = (stopsAtLook: boolean) =>
    watched(
      pool.apply(
        (stopsAtLook: boolean) => {
          // It has said by then that it tries: the first try follows a turn of its event loop.
          (globalThis as { stopsAtLook?: boolean }).stopsAtLook = stopsAtLook;
          return process.pid;
        },
        [stopsAtLook],
      ),
    );
  let stopped = await orders(true);
  const hasStopped = () => stateOf(stopped) === 'T';
  for (;;) {
    await until(() => hasStopped() || isAsleep(stopped));
    if (hasStopped()) break;
    // Another thread has needed its CPU: it sleeps without a try, some times.
    while ((await orders(false)) !== stopped);
    stopped = await orders(true);
  }
  await until(() => workers.filter(([pid]) => pid !== stopped).every(sleeps));
  // Longer than it takes until the member that woke a worker looks whether it has come: that would wake the other one.
  await sleep(50);
  const pids = [1, 2, 3, 4].map(() => pool.apply(() => process.pid));
  for (const pid of await watched(Promise.all(pids))) assert.notEqual(pid, stopped);
  process.kill(stopped, 'SIGCONT');
  await lives(pool);
  pool.close();
  await watched(pool.join());
});
