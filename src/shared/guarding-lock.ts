import { StateError } from '../contracts/errors.ts';
import type { NameOption } from '../contracts/options.ts';
import type { Family } from '../memory/family.ts';
import { granuleOf, placeOf } from '../memory/heap.ts';
import { kinds } from '../memory/kinds.ts';
import { kindOf, releaseObject, retainObject } from '../memory/object-kinds.ts';
import { Existing, knownObject, locate } from '../memory/shared-object.ts';
import { Lock } from '../sync/lock.ts';
import { RLock } from '../sync/rlock.ts';

/** The options of a shared value or array: its name, and the choice of its lock. */
export interface GuardOptions extends NameOption {
  /** `true`, the default: a lock of its own, made when it is first used. `false`: no lock. A `Lock`: this lock. */
  readonly lock?: boolean | Lock | undefined;
}

/** The class of the lock that is made by default. */
const OwnLock = RLock;

/** All kinds of locks that may be given. */
const lockClasses = new Map<number, new (existing: Existing) => Lock>([
  [kinds.LOCK, Lock],
  [kinds.RLOCK, RLock],
]);

/** The lock word of an object: 0 until the lock is first used, then the granule of the lock; this value if there is no lock. */
const NONE = -1;

/** Throws unless the options are valid. */
export function checkGuardOptions(options: GuardOptions | undefined): void {
  if (options !== undefined && (typeof options !== 'object' || options === null)) {
    throw new TypeError(`options must be an object such as { lock: false }, not ${String(options)}`);
  }
  const lock = options?.lock;
  if (lock !== undefined && typeof lock !== 'boolean' && !(lock instanceof Lock)) {
    throw new TypeError(`lock must be true, false or a Lock, not ${String(lock)}`);
  }
  if (lock instanceof Lock) locate(lock);
}

/** Writes the lock word of a new object. */
export function initGuard(family: Family, words: Int32Array, at: number, options: GuardOptions | undefined): void {
  const lock = options?.lock;
  if (lock === false) words[at] = NONE;
  else if (lock instanceof Lock) {
    const { offset } = locate(lock);
    retainObject(family, offset);
    words[at] = granuleOf(offset);
  }
}

/** Returns the lock of an object; the first call makes it. */
export function guardOf(family: Family, words: Int32Array, at: number): Lock {
  // SYNC(own-lock): sees the complete lock of another member.
  const granule = Atomics.load(words, at);
  if (granule === NONE) throw new StateError('It has no lock: it was made with { lock: false }.');
  if (granule !== 0) return openLock(family, granule);
  const made = new OwnLock();
  const { offset } = locate(made);
  // Counted before it can be found: if this member is killed in between, the lock is never freed.
  retainObject(family, offset);
  // SYNC(own-lock): a member that finds the lock finds it complete.
  const found = Atomics.compareExchange(words, at, 0, granuleOf(offset));
  if (found === 0) return made;
  releaseObject(family, offset);
  made.close();
  return openLock(family, found);
}

/** Releases the lock of an object that is destroyed. */
export function releaseGuard(family: Family, words: Int32Array, at: number): void {
  const granule = words[at] as number;
  if (granule !== 0 && granule !== NONE) releaseObject(family, placeOf(granule));
}

function openLock(family: Family, granule: number): Lock {
  const offset = placeOf(granule);
  const known = knownObject(offset);
  if (known !== undefined) return known as Lock;
  const kind = kindOf(family, offset);
  const Class = lockClasses.get(kind);
  if (Class === undefined) throw new Error(`A lock of the unknown kind ${kind}.`);
  return new Class(new Existing(offset));
}
