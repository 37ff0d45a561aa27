import { clock } from '../engine/builtins.ts';
import type { Family } from '../memory/family.ts';
import { reclaim } from '../memory/reclaim.ts';
import type { Cradle } from './cradle.ts';

/** The process or thread behind a `Process`: it waits for its assignment, runs it, or has ended. */
export abstract class Runner {
  readonly member: number;
  protected readonly family: Family;
  readonly #onExit = new Set<() => void>();
  /** Python's exit code; `null` while it runs. */
  #exitCode: number | null = null;
  /** While it is open, the member has not ended. Afterwards the event loop may still have to report the exit code. */
  #isLifelineOpen = true;

  /** The member has just been started. */
  constructor(family: Family, { member, ends }: Cradle) {
    this.family = family;
    this.member = member;
    ends.started(() => this.#onLifelineEnd());
  }

  /** True if its end by `signal`, or by the end of this process, also ends the programs that it has started. */
  protected takesDescendantsAlong = false;

  /** The process in which it runs. */
  abstract readonly pid: number;

  takeDescendantsAlong(): void {
    this.takesDescendantsAlong = true;
  }

  /** Decides whether it keeps this process alive. */
  abstract keepAlive(keep: boolean): void;

  /** Sends a signal, or does the nearest thing that is possible. Does nothing if it has ended. */
  abstract signal(signal: NodeJS.Signals): void;

  /** Ends a member that has not begun: it has started nothing that would have to end with it. */
  endUnbegun(): void {
    this.signal('SIGKILL');
  }

  /** True unless the system reports that it is gone: its lifeline may have ended first. */
  protected abstract isThere(): boolean;

  /** Returns the exit code of a member that is gone; `undefined` if the event loop is about to report it. */
  protected abstract findExitCode(): number | undefined;

  /** The exit code, `null` while it runs; checks even if the event loop has not turned. */
  get exitCode(): number | null {
    if (this.#isLifelineOpen) this.family.lifelines.lookAt(this.member);
    this.#noticeBurial();
    return this.#exitCode;
  }

  /** Calls `callback` once, when it has ended. Returns a function that cancels this. */
  onExit(callback: () => void): () => void {
    if (this.#exitCode === null) this.#onExit.add(callback);
    else callback();
    return () => this.#onExit.delete(callback);
  }

  /** Blocks the thread until it has ended; returns false after the time-out. */
  waitSync(timeout: number): boolean {
    const hasEnded = () => {
      this.#noticeBurial();
      return !this.#isLifelineOpen || this.#exitCode !== null;
    };
    return this.family.parker.block(hasEnded, clock() + timeout);
  }

  /** If another wait has found it gone, it is buried, and this thread watches its lifeline no more. */
  #noticeBurial(): void {
    if (this.#isLifelineOpen && this.family.members.isKnownGone(this.member)) this.#onLifelineEnd();
  }

  #onLifelineEnd(): void {
    if (this.#exitCode === null && this.isThere()) return;
    const isNews = this.#isLifelineOpen;
    this.#isLifelineOpen = false;
    this.family.lifelines.ended(this.member);
    if (this.#exitCode !== null) {
      if (isNews) this.#bury();
      return;
    }
    const exitCode = this.findExitCode();
    if (exitCode !== undefined) this.ended(exitCode);
  }

  /** Sets how it has ended; only the first call counts. If it may still run, what it holds is given back when its lifeline ends. */
  protected ended(exitCode: number, mayRunOn = false): void {
    if (this.#exitCode !== null) return;
    this.#exitCode = exitCode;
    if (mayRunOn) this.#awaitGone();
    else {
      this.#isLifelineOpen = false;
      reclaim(this.family, this.member);
    }
    const callbacks = [...this.#onExit];
    this.#onExit.clear();
    for (const callback of callbacks) callback();
  }

  /** Checks again and again until its lifeline ends, because the event loop gets no further event. */
  readonly #awaitGone = (): void => {
    if (this.#isLifelineOpen) this.family.lifelines.lookAt(this.member);
    this.#noticeBurial();
    if (this.#isLifelineOpen) this.family.parker.remind(this.#awaitGone);
  };

  #bury(): void {
    reclaim(this.family, this.member);
    this.gone();
  }

  /** Called when nothing of it runs any more, if it was reported as ended before. */
  protected gone(): void {}
}
