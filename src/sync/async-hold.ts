import type { AsyncHook, AsyncLocalStorage } from 'node:async_hooks';
import { queueMicrotask, setImmediate } from '../builtins.ts';

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

/** What a promise of an acquisition gives to the code that awaits it. */
interface Gift {
  readonly hold: Hold;
  readonly holds: readonly Hold[];
  /** The id of the promise, as promise hooks know it; 0 until it is made. */
  id: number;
}

const gifts = new WeakMap<Promise<unknown>, Gift>();
/** Of the promise that is being made, and of the one that somebody is about to follow. */
let making: Gift | undefined;
let followed: Gift | undefined;
/** What is to carry holds when it runs, by its id. */
const resuming = new Map<number, readonly Hold[]>();
let hook: AsyncHook | undefined;
let isHooked = false;
let isEnding = false;

/**
 * The promise that `make` makes, and whoever continues after `await`ing it has the hold: no caller of the function that awaits,
 * and no other function. Only promise hooks can tell the two apart; they are on only while somebody awaits an acquisition.
 */
export function carriedBy<T>(hold: Hold, make: () => Promise<T>): Promise<T> {
  const gift: Gift = { hold, holds: carriedAnd(hold), id: 0 };
  contexts();
  hookOn();
  making = gift;
  const promise = make();
  making = undefined;
  gifts.set(promise, gift);
  return Object.setPrototypeOf(promise, acquisition) as Promise<T>;
}

/** What these promises inherit from, in place of `Promise.prototype`. */
const acquisition = Object.create(Promise.prototype, {
  /** `await`, like all that follows a promise, reads this first: so the hooks are on when it does, however late that is. */
  constructor: {
    get(this: Promise<unknown>): PromiseConstructor {
      followed = gifts.get(this);
      hookOn();
      return Promise;
    },
  },
  // What consumes it otherwise than by `await`, as Promise.race does, continues elsewhere: then the calling function has the
  // hold, and with it its callers up to the event loop.
  // biome-ignore lint/suspicious/noThenProperty: it is a promise's.
  then: {
    configurable: true,
    writable: true,
    value: function then(this: Promise<unknown>, onFulfilled?: () => unknown, onRejected?: () => unknown) {
      const hold = gifts.get(this)?.hold;
      if (hold?.isFresh) carryOn(hold);
      return Promise.prototype.then.call(this, onFulfilled, onRejected);
    },
  },
});

/** `trigger` is the promise that this one follows. */
function init(id: number, type: string, trigger: number): void {
  if (type !== 'PROMISE') return;
  if (making !== undefined) {
    making.id = id;
    making = undefined;
  } else if (trigger === followed?.id) {
    resuming.set(id, followed.holds);
  }
}

function before(id: number): void {
  const holds = resuming.get(id);
  if (holds === undefined) return;
  resuming.delete(id);
  contexts().enterWith(holds);
  hookOffSoon();
}

function hookOn(): void {
  if (!isHooked) {
    hook ??= process.getBuiltinModule('node:async_hooks').createHook({ init, before });
    hook.enable();
    isHooked = true;
  }
  hookOffSoon();
}

/** Unless somebody awaits an acquisition by then. To switch hooks costs more than to leave them on for a turn of the event loop. */
function hookOffSoon(): void {
  if (isEnding) return;
  isEnding = true;
  setImmediate(() => {
    isEnding = false;
    if (resuming.size > 0) return;
    isHooked = false;
    followed = undefined;
    hook?.disable();
  }).unref();
}
