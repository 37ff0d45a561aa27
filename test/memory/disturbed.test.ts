import assert from 'node:assert/strict';
import { getContext, getStartMethod, Lock, PlatformError, Process, Queue } from 'multiproc';
import { family } from '#dist/memory/family.js';
import { GRANULE, wordIndex } from '#dist/memory/heap.js';
import { layout } from '#dist/memory/layout.js';
import { releaseObject } from '#dist/memory/object-kinds.js';
import { reclaim } from '#dist/memory/reclaim.js';
import { locate } from '#dist/memory/shared-object.js';
import { childOf } from '#dist/process/process.js';
import { test } from '../cases.ts';
import { disturbEverywhere } from '../disturb/disturb-everywhere.ts';
import type { Way } from '../disturb/plan.ts';
import { holders, isWithoutOrphans, slay, start, until } from '../inside.ts';
import { withoutDescriptors } from '../without-descriptors.ts';

const TIMEOUT = { timeout: 30_000 };

// Read when the family is founded. Here blocks are taken that nobody fills.
process.env.MULTIPROC_HEAP_LIMIT = '100000';

/** A small one of a size that nobody else asks for, and one so large that its memory goes back to the kernel when it is free. */
const sizes = [10_000, 200_000, 200_000_000];

function allocateAndFree(): void {
  const { allocator, me } = family();
  for (const bytes of sizes) allocator.free(allocator.allocate(bytes, me));
}

test('disturbed anywhere in allocate and free, a member hangs nobody and takes no block that is given out again', async () => {
  const count = await disturbEverywhere(
    allocateAndFree,
    () => {
      // The small one that was free: the next one is cut anew.
      family().allocator.allocate(sizes[0]!, 0);
      return [];
    },
    ({ threw }) => {
      // What cannot be mapped is refused.
      for (const error of threw) assert.ok(error instanceof PlatformError, String(error));
      const { allocator, me } = family();
      const blocks = [...sizes, ...sizes].map((bytes) => allocator.allocate(bytes, me));
      assert.equal(new Set(blocks).size, blocks.length);
      for (const block of blocks) allocator.free(block);
    },
    { meanwhile: allocateAndFree, keepsBlocks: true },
  );
  assert.ok(count >= 20, `${count} points`);
});

/** So much that a block of it needs a mapping of its own. */
const MAPPED = 600_000_000;

/** Words for a section and what belongs to it, all 0. */
function freshWords(): number {
  const word = family().allocator.allocate(64, 0);
  family()
    .heap.words(word)
    .fill(0, wordIndex(word), wordIndex(word) + 16);
  return word;
}

function enterAndLeave(word: number): void {
  family().section(word).enter();
  family().section(word).leave();
}

/** Has the section taken by a process that is killed inside, and that nobody has reclaimed yet. */
function leaveInside(word: number): void {
  const owner = new Process({
    target: (offset: number) => {
      family().section(offset).enter();
      process.kill(process.pid, 'SIGKILL');
    },
    args: [word],
    daemon: true,
  });
  owner.start();
  while (family().heap.words(word)[wordIndex(word)] === 0);
}

test('disturbed anywhere while it takes over a section of a dead member, a member hangs nobody', async () => {
  const count = await disturbEverywhere(
    enterAndLeave,
    () => [freshWords()],
    ({ threw }, word) => {
      assert.deepEqual(threw, []);
      enterAndLeave(word);
      family().allocator.free(word);
    },
    { prepare: leaveInside, meanwhile: enterAndLeave },
  );
  assert.ok(count >= 5, `${count} points`);
});

/** What the dead member was about to do with a block and a count, and whether it came to the commit. */
type Begun = [what: 'give' | 'take', isDone: boolean];

/** Has a process killed inside of the section when it has marked a block and a count; the word behind the section's says where the block is. */
function leaveIntent(word: number, queue: Queue<unknown>, ...[what, isDone]: Begun): void {
  const owner = new Process({
    target: (offset: number, queue: Queue<unknown>, what: 'give' | 'take', isDone: boolean) => {
      const { allocator, counts, heap, references, intents, me, section } = family();
      const words = heap.words(offset);
      const at = wordIndex(offset);
      const block = allocator.allocate(100_000, what === 'give' ? me : 0);
      const object = locate(queue).offset;
      const entry = what === 'give' ? counts.hold(object) : 0;
      if (what === 'take') counts.retain(object);
      references.reserve(1);
      section.call(family(), offset).enter();
      words[at + 1] = block / GRANULE;
      intents[what](offset, offset + 8);
      allocator.mark(block);
      if (what === 'give') references.mark(entry);
      else references.addMarked(object);
      if (isDone) Atomics.store(words, at + 2, 1);
      process.kill(process.pid, 'SIGKILL');
    },
    args: [word, queue, what, isDone],
    daemon: true,
  });
  owner.start();
  while (family().heap.words(word)[wordIndex(word)] === 0);
}

/** Has what a dead member has begun settled by one that is disturbed there; answers how many of them were refused a mapping. */
async function settleDisturbed(
  begun: Begun,
  options: { readonly ways?: readonly Way[]; readonly where: string },
): Promise<number> {
  const [what, isDone] = begun;
  let refused = 0;
  await disturbEverywhere(
    enterAndLeave as (word: number, queue: Queue<unknown>, ...begun: Begun) => void,
    () => [freshWords(), new Queue<unknown>(), ...begun] as [number, Queue<unknown>, ...Begun],
    async ({ isDead, threw }, word, queue) => {
      // What cannot be mapped is left to the next.
      for (const error of threw) assert.ok(error instanceof PlatformError, String(error));
      refused += threw.length;
      enterAndLeave(word);
      await until(isWithoutOrphans);
      const isIts = (what === 'take') === isDone;
      await until(() => holders(queue) === (isDead ? 1 : 2) + (isIts ? 0 : 1));
      const { allocator, heap } = family();
      if (!isIts) {
        releaseObject(family(), locate(queue).offset);
        allocator.free((heap.words(word)[wordIndex(word) + 1]! >>> 0) * GRANULE);
      }
      allocator.free(word);
      queue.close();
    },
    { prepare: leaveIntent, meanwhile: (word) => enterAndLeave(word), ...options },
  );
  return refused;
}

for (const begun of [
  ['give', false],
  ['give', true],
  ['take', false],
  ['take', true],
] as Begun[]) {
  const [what, isDone] = begun;
  test(`disturbed anywhere while it settles what a dead member has begun to ${what}${isDone ? ', and has done' : ''}, a member leaves it to others`, async () => {
    await settleDisturbed(begun, { where: 'memory/reference-table.ts settleMarks' });
  });
}

test('refused the mappings that it needs to settle what a dead member has begun, a member leaves the section to the next', async () => {
  const { allocator } = family();
  // From now on the heap has mappings that a new member has not: it looks at all blocks for those that are marked.
  allocator.free(allocator.allocate(MAPPED, 0));
  const refused = await settleDisturbed(['give', false], { ways: ['fail'], where: 'platform/linux.ts map' });
  if (process.env.TEST_DISTURB === undefined) assert.ok(refused > 0);
});

test('a block that cannot be mapped is refused, and costs no room', async () => {
  const { allocator, heap, me } = family();
  // In granules, and in KiB: see allocator.ts.
  const [top, held] = [0, 5].map(
    (word) => () => heap.words(layout.allocator)[wordIndex(layout.allocator) + word]! >>> 0,
  );
  const kept: number[] = [];
  let before = [0, 0];
  let refused = 0;
  await disturbEverywhere(
    (bytes: number) => family().allocator.free(family().allocator.allocate(bytes, family().me)),
    () => {
      // The one that was free: the next one is cut anew.
      kept.push(allocator.allocate(MAPPED, me));
      before = [top!(), held!()];
      return [MAPPED];
    },
    ({ threw }) => {
      if (threw.length === 0) return;
      refused++;
      assert.ok(threw[0] instanceof PlatformError, String(threw[0]));
      assert.ok(top!() - before[0]! < MAPPED / GRANULE, 'address space is lost');
      assert.ok(held!() - before[1]! < MAPPED / 1024, 'it counts as held');
    },
    { ways: ['fail'], where: 'platform/linux.ts', keepsBlocks: true },
  );
  if (process.env.TEST_DISTURB === undefined) assert.ok(refused > 0);
  for (const block of kept) allocator.free(block);
});

/** Starts a process that holds the queue, and memory, and kills it: nobody has reclaimed it yet. */
function leaveDead(queue: Queue<unknown>): void {
  const holder = new Process({
    target: (q: Queue<unknown>) => {
      const others = Array.from({ length: 3 }, () => new Queue<Uint8Array>());
      for (const other of others) other.putSync(new Uint8Array(100_000));
      family().allocator.allocate(100_000, family().me);
      q.putSync(others);
      new Queue().getSync();
    },
    args: [queue],
    daemon: true,
  });
  holder.start();
  queue.getSync();
  holder.kill();
  dead = childOf(holder).member;
}
let dead = 0;

test('disturbed anywhere in a reclaim, a member leaves the rest to others', async () => {
  const count = await disturbEverywhere(
    () => {
      while (!family().members.isGone(dead));
      reclaim(family(), dead);
    },
    () => [new Queue<unknown>()],
    async ({ isDead, threw }, queue) => {
      assert.deepEqual(threw, []);
      await until(isWithoutOrphans);
      await until(() => holders(queue) === (isDead ? 1 : 2));
    },
    { prepare: leaveDead, meanwhile: () => void new Queue().close() },
  );
  assert.ok(count >= 20, `${count} points`);
});

/** Holds the lock, and answers what comes: another process, whose bell nobody has opened yet. */
function answer(lock: Lock, questions: Queue<number>, answers: Queue<number>): void {
  lock.acquireSync();
  answers.putSync(0);
  for (;;) answers.putSync(questions.getSync());
}

// The limit is the process's: over threads it would be the test's own.
if (getStartMethod() === 'spawn') {
  test('disturbed anywhere in a wake-up and in a look for which there is no descriptor, a process hangs nobody', async () => {
    const other: Process[] = [];
    await disturbEverywhere(
      (lock: Lock, questions: Queue<number>, _: Queue<number>) => {
        using _none = withoutDescriptors('nothing opens');
        questions.putSync(1);
        assert.equal(lock.tryAcquire(), false);
      },
      () => {
        const [lock, questions, answers] = [new Lock(), new Queue<number>(), new Queue<number>()];
        other[0] = start(answer, lock, questions, answers);
        answers.getSync();
        return [lock, questions, answers];
      },
      async ({ isDead, threw }, lock, questions, answers) => {
        for (const error of threw) assert.ok('code' in (error as Error), String(error));
        // One that was killed before it could ring has left that to its reclaim.
        if (!isDead && threw.length === 0) assert.equal(await answers.get(TIMEOUT), 1);
        questions.putSync(2);
        while ((await answers.get(TIMEOUT)) !== 2);
        await slay(other[0]!);
        assert.equal(await lock.acquire(TIMEOUT), true);
      },
    );
  });
}

/** True until the process has been reaped. */
function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('disturbed anywhere while it starts and ends a thread, a process leaves nothing that hurts', async () => {
  await disturbEverywhere(
    async (queue: Queue<number>) => {
      const { Process } = getContext('thread');
      for (const end of ['by itself', 'killed'] as const) {
        const thread = new Process({
          target: (q: Queue<number>, isToSleep: boolean) => {
            if (isToSleep) {
              const { Process } = getContext('spawn');
              // Nobody but the thread's process is left to reap it.
              const left = new Process({ target: () => void new Queue().getSync(), daemon: true });
              left.start();
              q.putSync(left.pid!);
              new Queue().getSync();
            }
            q.putSync(1);
          },
          args: [queue, end === 'killed'],
          daemon: true,
        });
        thread.start();
        const left = await queue.get();
        if (end === 'killed') thread.kill();
        await thread.join();
        while (end === 'killed' && isThere(left)) await new Promise((resolve) => setTimeout(resolve, 1));
      }
    },
    () => [new Queue<number>()],
    async ({ threw }, queue) => {
      for (const error of threw) assert.ok('code' in (error as Error), String(error));
      await until(isWithoutOrphans);
      while (!queue.empty()) queue.getSync();
    },
  );
});
