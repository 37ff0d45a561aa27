import type { Shared } from '../../channel/shared-copy.ts';
import { acrossBorder } from '../../codec/border.ts';
import { reach } from '../../codec/extension.ts';
import { SerializationError } from '../../contracts/errors.ts';
import { type AnyFunction, hasFailed, type Outcome, outcome, type Way, way } from '../../contracts/executor.ts';
import { clock, types } from '../../engine/builtins.ts';
import { registerOwnExports } from '../../functions/own-exports.ts';
import { lazy } from '../../loading/lazy.ts';
import { type AboutTask, presentTask } from '../../pool/current-task.ts';
import { type CodePlaces, type HostBorder, settleCode } from '../code/host-border.ts';
import { enterHost, type HostDoor } from '../host-link.ts';
import { packValue, unpackValue } from '../packed.ts';
import { type FunctionHeader, readLetter } from '../tasks/letter.ts';
import { payloadTooLarge } from '../tasks/payload-too-large.ts';

const modules = lazy(
  () => require('../../functions/import-module.ts') as typeof import('../../functions/import-module.ts'),
);

/** Functions that a worker keeps decoded. */
const MOST_FUNCTIONS = 64;
const functions = new Map<string, AnyFunction>();
let border: HostBorder | undefined;
let maxPayload = Number.POSITIVE_INFINITY;
let finalizer: (() => unknown) | undefined;

/**
 * Runs a task in a worker of a host: only here its function and arguments are decoded. Resolves to whether it has failed, the
 * packed outcome, and the milliseconds that it ran.
 */
export async function runSealed(
  fn: Shared<Uint8Array>,
  hash: string,
  how: Way,
  start: number,
  input: Uint8Array,
  about: AboutTask,
): Promise<readonly [failed: boolean, packed: Uint8Array, ms: number]> {
  let began = clock();
  let end: Outcome;
  presentTask(about);
  try {
    const known = functions.get(hash) ?? (await decode(fn, hash));
    began = clock();
    end = await run(known, how, unpack(input) as ArrayLike<unknown>, start);
  } catch (error) {
    end = [outcome.ERROR, error];
  }
  const packed = packOutcome(end);
  const ms = clock() - began;
  if (packed.length <= maxPayload) return [hasFailed(end), packed, ms];
  return [true, pack([outcome.ERROR, payloadTooLarge('The result of a task', packed.length, maxPayload)]), ms];
}

/** Begins a worker of a host: runs the initializer of its pool, if there is one, and keeps the finalizer. */
export async function initializeSealed(
  door: HostDoor,
  places: CodePlaces,
  sealed: Shared<Uint8Array> | undefined,
  largest: number,
  depth: number,
): Promise<void> {
  enterHost(door, depth);
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

/** Packs an outcome. What cannot be sent becomes an error of its task or item. */
export function packOutcome(end: Outcome): Uint8Array {
  try {
    return pack(end);
  } catch (error) {
    const refusal = error instanceof SerializationError ? error : new SerializationError(String(error), '');
    if (end[0] !== outcome.RESULTS) return pack([outcome.ERROR, refusal]);
    const [kind, values, errors] = end;
    const refused: [number, unknown][] = errors.map(([i, each]) => [i, refusalOf(each) ?? each]);
    const kept = values.map((value, i) => {
      const reason = refusalOf(value);
      if (reason === undefined) return value;
      refused.push([i, reason]);
      return undefined;
    });
    return pack([kind, kept, refused]);
  }
}

const pack = (value: unknown): Uint8Array => acrossBorder(border, () => packValue(value, 'result', reach.TRUSTED));
const unpack = (packed: Uint8Array): unknown => acrossBorder(border, () => unpackValue(packed, reach.TRUSTED));

function refusalOf(value: unknown): unknown {
  try {
    pack(value);
    return undefined;
  } catch (error) {
    return error;
  }
}

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

/** A module that a message names, with its URL in this process. */
function hereOf(module: string): string {
  const [url = '', ...rest] = module.split('\n');
  return [border?.arrive(url) ?? url, ...rest].join('\n');
}

async function run(fn: AnyFunction, how: Way, input: ArrayLike<unknown>, start: number): Promise<Outcome> {
  const list = Array.isArray(input) ? input : Array.from(input);
  if (how === way.CALL) return [outcome.RESULT, await fn(...list)];
  if (how === way.CHUNK) return [outcome.RESULT, await fn(input, start)];
  const values: unknown[] = new Array(list.length).fill(undefined);
  const errors: [number, unknown][] = [];
  for (let i = 0; i < list.length; i++) {
    try {
      const value = how === way.STAR ? fn(...(list[i] as Iterable<unknown>)) : fn(list[i]);
      values[i] = types.isPromise(value) || isThenable(value) ? await value : value;
    } catch (error) {
      errors.push([i, error]);
    }
  }
  return [outcome.RESULTS, values, errors];
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

registerOwnExports({ runSealed, initializeSealed, finalizeSealed }, 'multiproc/internal/cluster');
