import type { AsyncHook, AsyncLocalStorage } from 'node:async_hooks';
import { PlatformError } from '../contracts/errors.ts';
import { queueMicrotask, setImmediate } from '../engine/builtins.ts';

/**
 * One possession of a re-entrant lock in this thread, from the acquisition to the last release. An async context owns the lock if it
 * carries the hold; see README.md, "Whose an RLock is".
 */
export class Hold {
  /** The number of acquisitions not yet released; 0 before, after, and while the hold is set aside. */
  depth = 0;
  /** True if the hold has ended for good. */
  isOver = false;
  /**
   * True until the code that asked for the hold has returned to the event loop or awaits. Until then the hold is not in use. Its callers
   * may already carry it, and another async function that they call must not be taken for the owner.
   */
  isFresh: boolean;

  /** `isAwaited` is true if a promise decides when the hold begins. */
  constructor(isAwaited: boolean) {
    this.isFresh = isAwaited;
    if (isAwaited) {
      queueMicrotask(() => {
        this.isFresh = false;
      });
    }
  }
}

/** Returns a hold for code that will await it. Throws a `PlatformError` where that code cannot be told from its callers: Deno and Bun have no promise hooks. */
export function awaitedHold(): Hold {
  const { bun, deno } = process.versions;
  if (bun === undefined && deno === undefined) return new Hold(true);
  throw new PlatformError(
    `${deno ? 'Deno' : 'Bun'} does not show which code continues after an \`await\`, so the owner of an RLock or of a Condition would be unknown after \`await lock.acquire()\`: use \`await lock.with(fn)\`, whose fn is the owner, or acquireSync(); a plain Lock has no such limit. See docs/platforms.md.`,
  );
}

let storage: AsyncLocalStorage<readonly Hold[]> | undefined;

function contexts(): AsyncLocalStorage<readonly Hold[]> {
  storage ??= new (process.getBuiltinModule('node:async_hooks').AsyncLocalStorage)();
  return storage;
}

/** True if the running code carries the hold. */
export function isCarried(hold: Hold): boolean {
  return !hold.isFresh && (storage?.getStore()?.includes(hold) ?? false);
}

/** Returns the holds that the running code carries, and this one; drops holds that have ended. */
function carriedAnd(hold: Hold): readonly Hold[] {
  const carried = storage?.getStore();
  if (carried === undefined || carried.length === 0) return [hold];
  return [...carried.filter((other) => other !== hold && !other.isOver && !other.isFresh), hold];
}

/** Runs `fn` with the hold: `fn`, the code that it calls, and the code that they start carry it. */
export function runCarrying<R>(hold: Hold, fn: () => R): R {
  return contexts().run(carriedAnd(hold), fn);
}

/** Gives the hold to the running code: the rest of this function, and of its callers up to the event loop. */
export function carryOn(hold: Hold): void {
  contexts().enterWith(carriedAnd(hold));
}

/** What the promise of an acquisition gives to the code that awaits it. */
interface Gift {
  readonly hold: Hold;
  readonly holds: readonly Hold[];
  /** The id of the promise in promise hooks; 0 until the promise is made. */
  id: number;
}

const gifts = new WeakMap<Promise<unknown>, Gift>();
/** The gift of the promise that is being made, and of the promise that code is about to follow. */
let making: Gift | undefined;
let followed: Gift | undefined;
/** The holds to carry when a promise's code runs, by the id of the promise. */
const resuming = new Map<number, readonly Hold[]>();
let hook: AsyncHook | undefined;
let isHooked = false;
let isEnding = false;

/**
 * Returns the promise that `make` makes. The code that continues after `await`ing it has the hold, but not the callers of that function
 * and not other functions. Only promise hooks can tell them apart; the hooks are on only while code awaits an acquisition.
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

/** The prototype of these promises, in place of `Promise.prototype`. */
const acquisition = Object.create(Promise.prototype, {
  /** `await` and everything else that follows a promise reads this property first: so the hooks are on in time, however late that is. */
  constructor: {
    get(this: Promise<unknown>): PromiseConstructor {
      followed = gifts.get(this);
      hookOn();
      return Promise;
    },
  },
  // Code that uses the promise without `await`, such as Promise.race, continues elsewhere: then the calling function has the hold, and
  // its callers up to the event loop.
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

/** `trigger` is the id of the promise that this promise follows. */
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

/**
 * Switches the hooks off after a turn of the event loop, unless code awaits an acquisition by then. Switching costs more than leaving
 * them on for one turn.
 */
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
