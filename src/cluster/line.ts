import type { WaitOptions } from '../contracts/options.ts';
import { clearTimeout, setTimeout } from '../engine/builtins.ts';
import type { Caller } from '../managers/caller.ts';
import { startTimer } from '../waits/timer.ts';

/** Milliseconds for which a call that gives up still waits for the reply to its attempt, if the server seems to be there. */
export const ANSWER_TIME = 500;

/** The largest number of calls of a line that look at the same time. */
const MOST_TRIED = 256;

/** The result of an attempt whose call must wait. */
export const WAIT = Symbol('wait');

/** The steps of a call that may wait. */
interface Step<R> {
  /** If true, the first attempt does not wait behind other calls of this gateway, because it announces a party. */
  readonly arrives?: boolean;
  /** If true, attempts of several calls at the same time cost little more than one. */
  readonly isShared?: boolean;
  /** Looks once. `isFirst` is true if the call is the first of its line, `once` if it will not wait. */
  attempt(isFirst: boolean, once: boolean): Promise<R | typeof WAIT>;
  /** Returns the result of a call that waits, if a message of the server has brought it; `undefined` if the call must look. */
  accept?(words: readonly string[]): R | undefined;
  /** Returns the result of a call at its time-out, or throws its error. */
  expire(): R;
  /** Gives back what an attempt got, if its call had given up before the reply came. */
  undo(result: R): void;
}

interface Entry {
  readonly order: number;
  readonly step: Step<unknown>;
  isTrying: boolean;
  /** Ends the call if the attempt under way gets nothing. */
  ending: (() => void) | undefined;
  /** Ends the call if the reply to that attempt does not come in time. */
  patience: NodeJS.Timeout | undefined;
  settle(end: () => unknown): void;
  isSettled: boolean;
}

/** What a line needs of its object. */
interface Door {
  readonly isReady: boolean;
  /** Called when no call of this gateway waits in the line any more. */
  leave(letter: string): void;
}

/** The calls of this gateway that wait for one thing of one object, in their order. Only the first call looks. See README.md, "Waiting". */
export class Line {
  readonly #letter: string;
  readonly #door: Door;
  readonly #waiting: Entry[] = [];
  #orders = 0;
  /** The number of first attempts under way. The line goes on when all of them have a reply. */
  #trying = 0;
  /** True if a call has given up while others had their first attempt: the gateway may be in the line for nobody. */
  #mustLeave = false;
  #isPoking = false;
  #isPokedAgain = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(letter: string, door: Door) {
    this.#letter = letter;
    this.#door = door;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Runs the step for a client, and waits if it must. */
  enter<R>(caller: Caller, options: WaitOptions | undefined, step: Step<R>): Promise<R> {
    const timeout = options?.timeout;
    return new Promise<R>((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const entry: Entry = {
        order: ++this.#orders,
        step: step as Step<unknown>,
        isTrying: false,
        ending: undefined,
        patience: undefined,
        isSettled: false,
        settle(end) {
          if (this.isSettled) return;
          this.isSettled = true;
          clearTimeout(timer);
          clearTimeout(this.patience);
          caller.onAbort = undefined;
          try {
            resolve(end() as R);
          } catch (error) {
            reject(error);
          }
        },
      };
      const once = timeout === 0;
      if (timeout !== undefined && !once) timer = startTimer(timeout, () => this.#giveUp(entry, () => step.expire()));
      if (caller.reason !== undefined) return entry.settle(() => fail(caller.reason));
      caller.onAbort = () => this.#giveUp(entry, () => fail(caller.reason));
      if (this.#waiting.length > 0 && !once && !step.arrives) this.#waiting.push(entry);
      else void this.#tryFirst(entry, once);
    });
  }

  /** Looks again, because something may have come. */
  poke(): void {
    if (this.#waiting.length > 0) void this.#poke();
  }

  /** Gives the first call what a message has brought. If the call cannot use it, or may have an attempt that has found it, the line looks. */
  offer(words: readonly string[]): void {
    const [first] = this.#waiting;
    if (first === undefined) {
      if (this.#trying === 0) this.#door.leave(this.#letter);
      return;
    }
    const result = this.#trying > 0 || this.#isPoking ? undefined : first.step.accept?.(words);
    if (result !== undefined) {
      this.#waiting.shift();
      first.settle(() => result);
    }
    this.poke();
  }

  /** Looks again after this number of milliseconds, if not before. */
  pokeIn(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.poke(), milliseconds);
    this.#timer.unref();
  }

  /** Ends all waits with an error. */
  fail(error: unknown): void {
    for (const entry of this.#waiting.splice(0)) entry.settle(() => fail(error));
  }

  async #tryFirst(entry: Entry, once: boolean): Promise<void> {
    this.#trying++;
    const result = await this.#attempt(entry, false, once);
    this.#trying--;
    if (result === WAIT && !entry.isSettled) {
      if (once) entry.settle(() => entry.step.expire());
      else this.#insert(entry);
    }
    if (this.#trying > 0) return;
    if (this.#mustLeave && this.isEmpty) this.#door.leave(this.#letter);
    this.#mustLeave = false;
    this.poke();
  }

  #insert(entry: Entry): void {
    let at = this.#waiting.length;
    while (at > 0 && this.#waiting[at - 1]!.order > entry.order) at--;
    this.#waiting.splice(at, 0, entry);
    if (entry.ending !== undefined) this.#remove(entry);
  }

  async #poke(): Promise<void> {
    this.#isPokedAgain = true;
    if (this.#isPoking) return;
    this.#isPoking = true;
    while (this.#isPokedAgain) {
      this.#isPokedAgain = false;
      let most = 1;
      while (this.#trying === 0 && this.#waiting.length > 0) {
        const tried = this.#waiting.slice(0, this.#waiting[0]!.step.isShared ? most : 1);
        const results = await Promise.all(tried.map((each) => this.#attempt(each, true, false)));
        for (const [i, each] of tried.entries()) {
          const at = results[i] === WAIT ? -1 : this.#waiting.indexOf(each);
          if (at !== -1) this.#waiting.splice(at, 1);
        }
        if (results.includes(WAIT)) break;
        most = Math.min(2 * most, MOST_TRIED);
      }
    }
    this.#isPoking = false;
  }

  /** Runs an attempt, and settles the call with its result. Returns `WAIT` if it got nothing. */
  async #attempt(entry: Entry, isFirst: boolean, once: boolean): Promise<unknown> {
    entry.isTrying = true;
    try {
      const result = await entry.step.attempt(isFirst, once);
      entry.isTrying = false;
      if (result === WAIT) {
        if (entry.ending !== undefined) this.#remove(entry);
        return WAIT;
      }
      if (entry.isSettled) entry.step.undo(result);
      else entry.settle(() => result);
    } catch (error) {
      entry.isTrying = false;
      entry.settle(() => fail(error));
    }
    return undefined;
  }

  /** Ends a call that gives up. The result of an attempt under way still counts, unless the server is away or does not reply in time. */
  #giveUp(entry: Entry, end: () => unknown): void {
    entry.ending = () => entry.settle(end);
    if (!entry.isTrying || !this.#door.isReady) this.#remove(entry);
    else entry.patience ??= setTimeout(() => this.#remove(entry), ANSWER_TIME);
  }

  #remove(entry: Entry): void {
    const at = this.#waiting.indexOf(entry);
    if (at !== -1) this.#waiting.splice(at, 1);
    entry.ending?.();
    if (!this.isEmpty) return;
    if (this.#trying === 0) this.#door.leave(this.#letter);
    else this.#mustLeave = true;
  }
}

function fail(error: unknown): never {
  throw error;
}
