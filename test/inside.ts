import { fstatSync, readdirSync, readFileSync } from 'node:fs';
import { platform } from 'node:process';
import { Barrier, Event, getContext, Lock, Process, platformInfo, Queue, Semaphore, type SimpleQueue } from 'multiproc';
import { barrierLayout } from '#dist/channel/barrier.js';
import { bufferLayout } from '#dist/channel/bounded-buffer.js';
import { mailbox } from '#dist/channel/mailbox.js';
import { objectField } from '#dist/memory/counts.js';
import { family } from '#dist/memory/family.js';
import { wordIndex } from '#dist/memory/heap.js';
import { layout } from '#dist/memory/layout.js';
import { field } from '#dist/memory/members.js';
import { locate, type SharedObject } from '#dist/memory/shared-object.js';
import { childOf } from '#dist/process/process.js';
import { entryTable } from '#dist/sync/entry-table.js';
import { eventLayout } from '#dist/sync/event.js';
import { lockLayout } from '#dist/sync/lock.js';
import { semaphoreLayout } from '#dist/sync/semaphore.js';
import { until as untilWithin } from './watchdog.ts';

/** What tests may know of the inside: it tells them when a state is reached, so that nothing sleeps for luck. */

// biome-ignore lint/suspicious/noExplicitAny: of anything.
type AnyQueue = Queue<any> | SimpleQueue<any>;

/** Starts a process that ends with this one, and returns it. */
export function start<A extends unknown[]>(target: (...args: A) => unknown, ...args: A): Process {
  const process = new Process({ target: target as (...args: unknown[]) => unknown, args, daemon: true });
  process.start();
  return process;
}

/** Starts a worker thread of this process, and returns it. */
export function startThread<A extends unknown[]>(target: (...args: A) => unknown, ...args: A): Process {
  const { Process } = getContext('thread');
  const thread = new Process({ target: target as (...args: unknown[]) => unknown, args, daemon: true });
  thread.start();
  return thread;
}

/** Runs in a process that is to be killed: acquires as often, says so, and sleeps. */
export function holdUntilKilled(lock: { acquireSync(): unknown }, said: Queue<number>, times = 1): void {
  for (let i = 0; i < times; i++) lock.acquireSync();
  said.putSync(1);
  new Queue().getSync();
}

/** Resolves when the condition holds; rejects with what all members are doing if that takes longer than on any machine. */
export const until = (condition: () => boolean): Promise<void> => untilWithin(condition, 180);

/** Anything with a wait list. */
type Awaited = AnyQueue | Lock | Semaphore | Event | Barrier;

/** How many members stand in line to get, to put, to join, or for the lock and so on, and were not notified yet. */
export function waiting(object: Awaited, end: 'get' | 'put' | 'join' = 'get'): number {
  const { offset } = locate(object);
  const list = listOf(object, end);
  return Atomics.load(family().heap.words(offset), wordIndex(offset) + list + entryTable.at.own);
}

function listOf(object: Awaited, end: 'get' | 'put' | 'join'): number {
  if (object instanceof Lock) return lockLayout.at.waiters;
  if (object instanceof Event) return eventLayout.at.waiters;
  if (object instanceof Barrier) return barrierLayout.at.waiters;
  if (object instanceof Semaphore) return semaphoreLayout.at.waiters;
  const { box, ownLine } = bufferLayout.at;
  return { get: box + mailbox.at.receivers, put: box + mailbox.at.senders, join: ownLine }[end];
}

/** Whether the kernel tells of each thread what it does. */
export const kernelTells = platform === 'linux';

/** True while the process sleeps until another member wakes it: blocked, or in its event loop. */
export function isAsleep(process: Process): boolean {
  const { member, pid } = childOf(process);
  const { members } = family();
  if (members.isKnownGone(member) || members.get(member, field.parked) === 0) return false;
  // Armed, it still takes a last look: only the kernel knows that it sleeps. On other systems being armed has to do.
  if (!kernelTells) return true;
  const tid = members.get(member, field.tid);
  return sleeps(`/proc/${pid}/task/${tid > 0 ? tid : kernelIds.get(process)}`);
}

function sleeps(task: string): boolean {
  return /\) S /.test(readFileSync(`${task}/stat`, 'latin1'));
}

/** The kernel's numbers of threads that the library does not ask for, as far as this thread has started them. */
const kernelIds = new WeakMap<Process, string>();

if (platformInfo().platform === 'portable' && kernelTells) {
  const { start } = Process.prototype;
  Process.prototype.start = function (this: Process): void {
    const before = new Set(readdirSync('/proc/self/task'));
    start.call(this);
    const added = readdirSync('/proc/self/task').filter((tid) => !before.has(tid));
    // The first start also begins a thread of the library's own, before it.
    kernelIds.set(this, String(Math.max(...added.map(Number))));
  };
}

/** True while the process is stopped, as by SIGSTOP. */
export function isStopped({ pid }: { readonly pid: number | undefined }): boolean {
  return pid !== undefined && /\) T /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
}

/** True for the index of a word by which members are woken, in the words of the heap's first window. */
export function isParkedWord(index: number): boolean {
  const { members } = family();
  return [...members.all()].some((member) => members.index(member, field.parked) === index);
}

/** Waits until `count` stand in line and all of `processes` sleep. */
export async function inLine(object: Awaited, count: number, processes: Process[], end?: 'get' | 'put' | 'join') {
  await until(() => waiting(object, end) === count && processes.every(isAsleep));
}

/** Ends the process by SIGKILL and waits until it is reclaimed. */
export async function slay(process: Process): Promise<void> {
  process.kill();
  await process.join();
}

/** The word of a shared object's owner or holders, and so on: see its class. */
export function wordOf(object: SharedObject, word: number): number {
  const { offset } = locate(object);
  return Atomics.load(family().heap.words(offset), wordIndex(offset) + word);
}

/** How many members and messages hold the object. */
export function holders(object: SharedObject): number {
  return wordOf(object, objectField.holders);
}

/** True if the parent of every member lives, but for the root's. */
export function isWithoutOrphans(): boolean {
  const { members } = family();
  return [...members.all()].every((member) => {
    const parent = members.get(member, field.parent);
    return members.isKnownGone(member) || parent === 0 || !members.isKnownGone(parent);
  });
}

/** Bytes of memory behind the family's heap. */
export function heapBytes(): number {
  const { heap } = family();
  if (heap.memory.pass.file === undefined) return allocatedBytes();
  return fstatSync(heap.memory.pass.file).blocks * 512;
}

/** Where memory stays with the program: what is in use, by the allocator's books. */
function allocatedBytes(): number {
  const words = family().heap.words(layout.allocator);
  const [warmKib, heldKib] = [4, 5].map((word) => words[wordIndex(layout.allocator) + word] as number);
  return (heldKib! - warmKib!) * 1024;
}

export function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

/** The names of all members of this family. */
export function members(): number[] {
  return [...family().members.all()];
}
