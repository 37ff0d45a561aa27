import type { Shared } from '../../channel/shared-copy.ts';
import { acrossBorder } from '../../codec/border.ts';
import { reach } from '../../codec/extension.ts';
import { type AnyFunction, hasFailed, type Outcome, outcome, type Way } from '../../contracts/executor.ts';
import { clock, types } from '../../engine/builtins.ts';
import { nextAsyncId } from '../../engine/next-async-id.ts';
import { registerOwnExports } from '../../functions/own-exports.ts';
import { runFunction } from '../../functions/run-function.ts';
import { lazy } from '../../loading/lazy.ts';
import { family } from '../../memory/family.ts';
import { type AboutTask, presentTask } from '../../pool/current-task.ts';
import { sendableOutcome } from '../../pool/sendable-outcome.ts';
import type { SharedArray } from '../../shared/shared-array.ts';
import { type CodePlaces, type HostBorder, settleCode } from '../code/host-border.ts';
import { enterHost, type HostDoor } from '../host-link.ts';
import { packValue, unpackValue } from '../packed.ts';
import { payloadTooLarge } from '../payload-too-large.ts';
import { type FunctionHeader, readLetter } from '../tasks/letter.ts';
import { GroupLog, type Ran } from './group-log.ts';

const modules = lazy(
  () => require('../../functions/import-module.ts') as typeof import('../../functions/import-module.ts'),
);

/** The largest number of functions that a worker keeps decoded. */
const MOST_FUNCTIONS = 64;
const functions = new Map<string, AnyFunction>();
let border: HostBorder | undefined;
let maxPayload = Number.POSITIVE_INFINITY;
let finalizer: (() => unknown) | undefined;

/** The numbers of the tasks of a group, `NUMBERS_OF_TASK` of each: way, index of the first item, bytes of the input, id, attempt, submission, start. */
export type GroupNumbers = Float64Array;
export const NUMBERS_OF_TASK = 7;
/** Milliseconds after which a group takes no other task: the event loop turns then, and the host gets the rest back. */
const LONGEST_GROUP = 2;

/**
 * Runs a task in a worker of a host, the only place where its function and arguments are decoded. Resolves to whether the task has failed, its
 * packed outcome, and the milliseconds for which it ran.
 */
export async function runSealed(...task: Parameters<typeof runTask>): Promise<Ran> {
  return await runTask(...task);
}

/** Runs a task. Returns a promise only if the function must be decoded first, or if it returns a promise. */
function runTask(
  fn: Shared<Uint8Array>,
  hash: string,
  how: Way,
  start: number,
  input: Uint8Array,
  about: AboutTask,
): Ran | Promise<Ran> {
  presentTask(about);
  const known = functions.get(hash);
  if (known === undefined) return decodeAndRun(fn, hash, how, start, input);
  const began = clock();
  let end: Outcome | Promise<Outcome>;
  try {
    end = runFunction(known, how, unpack(input) as ArrayLike<unknown>, start);
  } catch (error) {
    end = [outcome.ERROR, error];
  }
  return types.isPromise(end) ? end.then((end) => ranOf(end, began)) : ranOf(end, began);
}

async function decodeAndRun(
  fn: Shared<Uint8Array>,
  hash: string,
  how: Way,
  start: number,
  input: Uint8Array,
): Promise<Ran> {
  let began = clock();
  let end: Outcome;
  try {
    const known = await decode(fn, hash);
    began = clock();
    end = await runFunction(known, how, unpack(input) as ArrayLike<unknown>, start);
  } catch (error) {
    end = [outcome.ERROR, error];
  }
  return ranOf(end, began);
}

function ranOf(end: Outcome, began: number): Ran {
  const packed = packOutcome(end);
  const ms = clock() - began;
  if (packed.length <= maxPayload) return [hasFailed(end), packed, ms];
  return [true, pack([outcome.ERROR, payloadTooLarge('The result of a task', packed.length, maxPayload)]), ms];
}

/**
 * Runs tasks of one function, one after the other, as long as they are short and leave no asynchronous work behind. Their outcomes go into a log. An outcome for
 * which the log has no room ends the group, and the promise resolves to it.
 */
export async function runGroup(
  fn: Shared<Uint8Array>,
  hash: string,
  shared: SharedArray<'int32'>,
  numbers: GroupNumbers,
  inputs: Uint8Array,
  [pool, host]: readonly [pool: string, host: string],
): Promise<Ran | undefined> {
  const log = new GroupLog(shared);
  const late = clock() + LONGEST_GROUP;
  // If the program follows asynchronous contexts, a wait counts as asynchronous work too.
  const first = nextAsyncId();
  await undefined;
  const ofWait = nextAsyncId() - first;
  let from = 0;
  for (let at = 0; at < numbers.length; at += NUMBERS_OF_TASK) {
    if (!log.begin()) break;
    const [how, start, bytes, id, attempt, submission, count] = numbers.subarray(at) as unknown as number[];
    const before = nextAsyncId();
    const input = inputs.subarray(from, (from += bytes!));
    const about: AboutTask = [`${pool}-${id}`, attempt!, submission!, host, count!];
    const running = runTask(fn, hash, how as Way, start!, input, about);
    const ran = types.isPromise(running) ? await running : running;
    if (!log.end(ran)) return ran;
    // Microtasks of the task still belong to it.
    if (ran === running) await undefined;
    // Work that a task has begun may fail, and must not be taken for a failure of the next task.
    if (nextAsyncId() - before > ofWait || clock() > late) break;
  }
  return undefined;
}

/** Begins a worker of a host: runs the initializer of its pool, if there is one, and keeps the finalizer. */
export async function initializeSealed(
  door: HostDoor,
  places: CodePlaces,
  sealed: Shared<Uint8Array> | undefined,
  largest: number,
  depth: number,
): Promise<void> {
  enterHost(door, depth, family().me);
  maxPayload = largest;
  border = settleCode(places);
  if (sealed === undefined) return;
  const [initializer, initargs, last] = unpack(sealed.value) as [
    AnyFunction | undefined,
    readonly unknown[],
    (() => unknown) | undefined,
  ];
  finalizer = last;
  await initializer?.(...initargs);
}

/** Runs the finalizer of a pool in a worker of a host. */
export async function finalizeSealed(): Promise<void> {
  await finalizer?.();
}

/** Packs an outcome. If a part cannot be sent, the reason becomes the error of the task or of the item. */
export function packOutcome(end: Outcome): Uint8Array {
  try {
    return pack(end);
  } catch (error) {
    return pack(sendableOutcome(end, error, pack));
  }
}

const pack = (value: unknown): Uint8Array => acrossBorder(border, () => packValue(value, 'result', reach.TRUSTED));
const unpack = (packed: Uint8Array): unknown => acrossBorder(border, () => unpackValue(packed, reach.TRUSTED));

async function decode(fn: Shared<Uint8Array>, hash: string): Promise<AnyFunction> {
  const { header, body } = readLetter<FunctionHeader>(fn.value);
  // A module that cannot be imported is reported where it is used.
  for (const module of header.modules)
    await modules()
      .importModule(hereOf(module))
      .catch(() => {});
  const known = unpack(body) as AnyFunction;
  functions.set(hash, known);
  if (functions.size > MOST_FUNCTIONS) functions.delete(functions.keys().next().value!);
  return known;
}

/** Returns a module that a message names, with its URL in this process. */
function hereOf(module: string): string {
  const [url = '', ...rest] = module.split('\n');
  return [border?.arrive(url) ?? url, ...rest].join('\n');
}

registerOwnExports({ enterHost, runSealed, runGroup, initializeSealed, finalizeSealed }, 'multiproc/internal/cluster');
