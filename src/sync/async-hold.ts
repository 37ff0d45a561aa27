import type { AsyncHook, AsyncLocalStorage } from 'node:async_hooks';

/**
 * One possession of a re-entrant lock in this thread: from the acquisition until it is released as often as it was acquired. An
 * async context owns the lock if the hold is among those that it carries; see README.md, "Whose an RLock is".
 */
export class Hold {
  /** How often it was acquired and not yet released; 0 before, after, and while it is set aside. */
  depth = 0;
  /** True when it will not come back. */
  isOver = false;
  /**
   * True until the code that asked for it has gone back to the event loop or awaits something. Until then the hold is not in use,
   * but its callers may carry it already, and another async function that they call must not be taken for the owner.
   */
  isFresh: boolean;

  /** `isAwaited` where a promise says when it begins. */
  constructor(isAwaited: boolean) {
    this.isFresh = isAwaited;
    if (isAwaited) {
      queueMicrotask(() => {
        this.isFresh = false;
      });
    }
  }
}

let storage: AsyncLocalStorage<readonly Hold[]> | undefined;

function contexts(): AsyncLocalStorage<readonly Hold[]> {
  storage ??= new (process.getBuiltinModule('node:async_hooks').AsyncLocalStorage)();
  return storage;
}

/** True if the code that runs now has the hold. */
export function isCarried(hold: Hold): boolean {
  return !hold.isFresh && (storage?.getStore()?.includes(hold) ?? false);
}

/** The holds that the code that runs now carries, and one more; those that are over are forgotten here. */
function carriedAnd(hold: Hold): readonly Hold[] {
  const carried = storage?.getStore();
  if (carried === undefined || carried.length === 0) return [hold];
  return [...carried.filter((other) => other !== hold && !other.isOver && !other.isFresh), hold];
}

/** Runs `fn` with the hold: it, what it calls, and what that starts. */
export function runCarrying<R>(hold: Hold, fn: () => R): R {
  return contexts().run(carriedAnd(hold), fn);
}

/** From here on the code that runs now has the hold: the rest of this function, and of its callers up to the event loop. */
export function carryOn(hold: Hold): void {
  contexts().enterWith(carriedAnd(hold));
}

/** What awaits the promises of acquisitions, by the id of the promise; and what is to carry holds when it runs, by its own. */
const promised = new Map<number, readonly Hold[]>();
const resuming = new Map<number, readonly Hold[]>();
let making: readonly Hold[] | undefined;
let hook: AsyncHook | undefined;
let isHooked = false;
let isEnding = false;

/**
 * The promise that `make` makes, and whoever continues after `await`ing it has the hold: no caller of the function that awaits,
 * and no other function. Only promise hooks can tell the two apart; they are on only while an acquisition is on its way.
 */
export function carriedBy<T>(hold: Hold, make: () => Promise<T>): Promise<T> {
  const carried = carriedAnd(hold);
  contexts();
  if (!isHooked) {
    hook ??= process.getBuiltinModule('node:async_hooks').createHook({ init, before });
    hook.enable();
    isHooked = true;
  }
  making = carried;
  const promise = make();
  making = undefined;
  // What consumes it otherwise than by `await`, as Promise.race does, continues elsewhere: then the calling function has the
  // hold, and with it its callers up to the event loop.
  Object.defineProperty(promise, 'then', {
    configurable: true,
    writable: true,
    value: <A, B>(onFulfilled?: (value: T) => A, onRejected?: (reason: unknown) => B) => {
      if (hold.isFresh) carryOn(hold);
      return Promise.prototype.then.call(promise, onFulfilled as never, onRejected);
    },
  });
  return promise;
}

/** `make` makes one promise; `trigger` is the promise that another one follows. */
function init(id: number, type: string, trigger: number): void {
  if (type !== 'PROMISE') return;
  if (making !== undefined) {
    promised.set(id, making);
    making = undefined;
    return;
  }
  const carried = promised.get(trigger);
  if (carried !== undefined) resuming.set(id, carried);
}

function before(id: number): void {
  const carried = resuming.get(id);
  if (carried === undefined) return;
  resuming.delete(id);
  for (const [promise, holds] of promised) if (holds === carried) promised.delete(promise);
  contexts().enterWith(carried);
  if (promised.size === 0) unhookSoon();
}

/** To switch hooks costs more than to leave them on for a turn of the event loop. */
function unhookSoon(): void {
  if (isEnding) return;
  isEnding = true;
  setImmediate(() => {
    isEnding = false;
    if (promised.size > 0 || resuming.size > 0) return;
    isHooked = false;
    hook?.disable();
  }).unref();
}
