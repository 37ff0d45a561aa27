import { clock } from '../builtins.ts';
import type { Family } from '../memory/family.ts';
import type { Cradle } from './cradle.ts';

/** What a process is started in, as `Process` sees it: a child process or a worker thread, that waits for its assignment, runs it, or has ended. */
export abstract class Runner {
  readonly member: number;
  protected readonly family: Family;
  readonly #onExit = new Set<() => void>();
  /** Python's exit code; `null` while it runs. */
  #exitCode: number | null = null;
  /** Until it is, nothing has ended; afterwards the event loop may still have to tell the exit code. */
  #isLifelineOpen = true;

  /** Of a member that has just been started. */
  constructor(family: Family, { member, ends }: Cradle) {
    this.family = family;
    this.member = member;
    ends.started(() => this.#onLifelineEnd());
  }

  /** Its end by `signal`, or by the end of this process, takes along what it has started. */
  #takesDescendantsAlong = false;

  /** The process that it runs in. */
  abstract readonly pid: number;

  get takesDescendantsAlong(): boolean {
    return this.#takesDescendantsAlong;
  }

  takeDescendantsAlong(): void {
    this.#takesDescendantsAlong = true;
  }

  /** Whether it keeps this process alive. */
  abstract hold(keep: boolean): void;

  /** Sends a signal, or does what comes nearest. Nothing happens if it has ended. */
  abstract signal(signal: NodeJS.Signals): void;

  /** Ends one that has not begun: it has started nothing that would have to be ended with it. */
  endUnbegun(): void {
    this.signal('SIGKILL');
  }

  /** True unless the system says that it is gone: the lifeline may have ended without it. */
  protected abstract isThere(): boolean;

  /** The exit code of one that is gone; `undefined` if the event loop is about to tell. */
  protected abstract findExitCode(): number | undefined;

  /** The exit code, `null` while it runs; looks even if the event loop has not turned. */
  get exitCode(): number | null {
    if (this.#isLifelineOpen) this.family.lifelines.lookAt(this.member);
    return this.#exitCode;
  }

  /** Calls back once, when it has ended; the answer stops that. */
  onExit(callback: () => void): () => void {
    if (this.#exitCode === null) this.#onExit.add(callback);
    else callback();
    return () => this.#onExit.delete(callback);
  }

  /** Blocks the thread until it has ended; false if the time was over before. */
  waitSync(timeout: number): boolean {
    return this.family.parker.block(() => !this.#isLifelineOpen, clock() + timeout);
  }

  #onLifelineEnd(): void {
    if (this.#exitCode === null && this.isThere()) return;
    this.#isLifelineOpen = false;
    this.family.lifelines.ended(this.member);
    if (this.#exitCode !== null) return;
    const exitCode = this.findExitCode();
    if (exitCode !== undefined) this.ended(exitCode);
  }

  /** Says how it has ended; the first time counts. */
  protected ended(exitCode: number): void {
    if (this.#exitCode !== null) return;
    this.#exitCode = exitCode;
    this.#isLifelineOpen = false;
    this.family.bury(this.member);
    const callbacks = [...this.#onExit];
    this.#onExit.clear();
    for (const callback of callbacks) callback();
  }
}
