import assert from 'node:assert/strict';
import {
  Barrier,
  Condition,
  Event,
  JoinableQueue,
  Lock,
  Pool,
  pipe,
  Queue,
  Semaphore,
  SharedArray,
  SharedValue,
} from 'multiproc';
import { test } from '../cases.ts';
import { disturbEverywhere } from '../disturb/disturb-everywhere.ts';

type Maker = () => { close(): void }[];

/** What can be made, and the source that writes to memory besides the object's own words. */
const makers: [what: string, where: string | undefined, make: Maker][] = [
  ['a queue', undefined, () => [new Queue(), new JoinableQueue(5)]],
  ['a lock', undefined, () => [new Lock(), new Semaphore(2), new Event()]],
  ['a condition', 'sync/condition.ts', () => [new Condition()]],
  ['a barrier', 'channel/barrier.ts', () => [new Barrier(2, { action: () => 1 })]],
  ['a pipe', 'connection/pipe-object.ts', () => pipe()],
  ['a pool', 'pool/task-board.ts', () => [new Pool(1)]],
  ['shared memory', 'shared/shared-bytes.ts', () => [new SharedValue('int32', 5), new SharedArray('float64', 20_000)]],
];

for (const [what, where, make] of makers) {
  test(`disturbed anywhere while it makes ${what} and lets go of it, a process leaves nothing that hurts`, async () => {
    const count = await disturbEverywhere(
      (maker: Maker) => {
        for (const object of maker()) object.close();
      },
      () => [make],
      ({ threw }, maker) => {
        // By now a dead one is reclaimed.
        for (const error of threw) assert.ok((error as { code?: unknown }).code !== undefined, String(error));
        for (const object of maker()) object.close();
      },
      { ...(where && { where }), meanwhile: (maker) => maker().forEach((object) => void object.close()) },
    );
    assert.ok(count >= 5, `${count} points`);
  });
}
