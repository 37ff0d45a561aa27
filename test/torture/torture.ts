import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { usualWays } from '../disturb/plan.ts';
import { watchdog } from '../hang.ts';
import { descriptors, heapBytes, isWithoutOrphans, until } from '../inside.ts';
import { describeFamily } from '../watchdog.ts';
import { Diary } from './diary.ts';
import { startKeeper } from './keeper.ts';
import { type Item, isWhole, type Stage, setUp } from './stage.ts';
import { Troupe } from './troupe.ts';

/** Nobody stands still for so long, in seconds, on the slowest machine. */
const STANDSTILL = 60;
/** What deaths between two stores may cost, and what is kept for the next one, in bytes. */
const MEMORY = 64 * 2 ** 20;
/** Up to 64 doorbells of members that are gone stay open until there are more. */
const DESCRIPTORS = 80;
const LONG = { timeout: 30_000 };

export interface Outcome {
  readonly disturbances: Record<string, number>;
  readonly items: number;
  readonly lost: number;
}

/** Disturbs a family that does everything at once, for so long; throws what does not hold. The diary of all disturbances stays if it does. */
export async function torture(minutes: number, seed: number): Promise<Outcome> {
  const path = `${tmpdir()}/multiproc-torture-${process.pid}.txt`;
  const diary = new Diary(path);
  const stage = setUp();
  const [bytes, open] = [heapBytes(), descriptors()];
  const keeper = startKeeper(path);
  const failed = withResolvers();
  failed.promise.catch(() => {});
  const troupe = new Troupe(stage, { seed, diary: path, ways: usualWays }, failed.reject);
  const reader = new Reader(stage);
  const end = performance.now() + minutes * 60_000;
  try {
    const progress = new Progress(stage, troupe);
    while (performance.now() < end) {
      using _ = watchdog('the root', STANDSTILL, stage.first, stage.second, stage.lock);
      await Promise.race([reader.read(100), failed.promise]);
      progress.check();
    }
  } catch (cause) {
    throw new Error(`seed ${seed}, diary ${path}: ${(cause as Error).message}`, { cause });
  } finally {
    await troupe.dismiss();
    await keeper.end();
  }
  using _ = watchdog('what is left', STANDSTILL, stage.first, stage.second, stage.lock);
  await reader.rest();
  const deaths = troupe.died.get('forward') ?? 0;
  assert.ok(reader.lost <= deaths, `${reader.lost} items are lost, ${deaths} died with at most one in hand`);
  await checkStage(stage);
  await until(() => isWithoutOrphans() && zombies() === 0);
  assert.ok(heapBytes() - bytes < MEMORY, `${heapBytes() - bytes} bytes more than in the beginning`);
  assert.ok(descriptors() - open < DESCRIPTORS, `${descriptors() - open} descriptors more than in the beginning`);
  const disturbances: Record<string, number> = {};
  for (const { way } of diary.read()) disturbances[way] = (disturbances[way] ?? 0) + 1;
  rmSync(path);
  return { disturbances, items: reader.items, lost: reader.lost };
}

/** How many children of this process have ended and are still in the kernel's table. */
function zombies(): number {
  const pids = readFileSync(`/proc/self/task/${process.pid}/children`, 'latin1').split(' ');
  return pids.filter((pid) => pid !== '' && isZombie(pid)).length;
}

function isZombie(pid: string): boolean {
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

function withResolvers(): { promise: Promise<never>; reject: (error: Error) => void } {
  let reject = (_: Error) => {};
  const promise = new Promise<never>((_, no) => {
    reject = no;
  });
  return { promise, reject };
}

/** Takes what comes out in the end, and counts. */
class Reader {
  readonly #stage: Stage;
  readonly #seen = new Map<string, Set<number>>();
  items = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** How long it lasts, in milliseconds. */
  async read(ms: number): Promise<void> {
    for (const end = performance.now() + ms; performance.now() < end; ) {
      await this.#stage.second.get({ timeout: 10 }).then((item) => this.#note(item), ignoreEmpty);
    }
  }

  /** All that is still there. */
  async rest(): Promise<void> {
    const { first, second } = this.#stage;
    for (const queue of [second, first]) while (queue.qsize() > 0) this.#note(await queue.get(LONG));
  }

  get lost(): number {
    return [...this.#seen.values()].reduce((sum, seen) => sum + Math.max(...seen) + 1 - seen.size, 0);
  }

  #note(item: Item): void {
    assert.ok(isWhole(item), 'an item is torn');
    const { producer, number } = item;
    const seen = this.#seen.get(producer) ?? new Set();
    this.#seen.set(producer, seen);
    assert.ok(!seen.has(number), `item ${number} of ${producer} has come twice`);
    seen.add(number);
    this.items++;
  }
}

function ignoreEmpty(error: { code?: string }): void {
  if (error.code !== 'ERR_QUEUE_EMPTY') throw error;
}

/** Looks whether each member goes on. */
class Progress {
  readonly #stage: Stage;
  readonly #troupe: Troupe;
  readonly #last: number[] = [];
  readonly #since: number[] = [];

  constructor(stage: Stage, troupe: Troupe) {
    this.#stage = stage;
    this.#troupe = troupe;
  }

  check(): void {
    const now = performance.now();
    for (let slot = 0; slot < this.#troupe.size; slot++) {
      const done = this.#stage.progress.view[slot] as number;
      if (done !== this.#last[slot]) this.#since[slot] = now;
      this.#last[slot] = done;
      if (now - (this.#since[slot] ?? now) < STANDSTILL * 1000) continue;
      throw new Error(`${this.#troupe.nameOf(slot)} stands still. ${describeFamily(process.pid)}`);
    }
  }
}

/** All are dead: everything is free, and works. */
async function checkStage({ lock, rlock, semaphore, condition, event, barrier, first, second }: Stage): Promise<void> {
  for (const each of [lock, rlock, condition]) {
    assert.equal(await each.acquire(LONG), true);
    each.release();
  }
  for (let i = 0; i < 2; i++) assert.equal(await semaphore.acquire(LONG), true);
  for (let i = 0; i < 2; i++) semaphore.release();
  assert.equal(semaphore.getValue(), 2);
  event.set();
  assert.equal(await event.wait(LONG), true);
  barrier.reset();
  await Promise.all([barrier.wait(LONG), barrier.wait(LONG)]);
  for (const queue of [first, second]) assert.equal(queue.qsize(), 0);
}
