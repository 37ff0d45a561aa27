import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Family } from '../memory/family.ts';
import { field } from '../memory/members.ts';
import { inheritedExecArgv } from './exec-arguments.ts';

/** What of this process a child inherits at its start, so that a spare made earlier can be told from one made now. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly execArgv: readonly string[];
}

export function currentSurroundings(): Surroundings {
  return { env: { ...process.env }, cwd: process.cwd(), execArgv: inheritedExecArgv(process.execArgv) };
}

/** Where the descriptors that a child inherits stand in it. */
export const inherited = { heap: 3, lifeline: 4, doorbell: 5 } as const;

/** The entry of every child, beside this file. */
const entry = fileURLToPath(new URL('./child.js', import.meta.url));

/** A process that this one has started: it waits for its assignment, or runs it, or has ended. */
export class Child {
  readonly member: number;
  readonly pid: number;
  readonly #family: Family;
  readonly #process: ChildProcess;
  readonly #lifeline: number;
  readonly #onExit: (() => void)[] = [];
  /** Python's exit code; `null` while it runs. */
  #exitCode: number | null = null;

  constructor(family: Family, surroundings: Surroundings, detached: boolean) {
    const { platform } = family;
    const [lifeline, lifelineOfChild] = platform.pipe();
    const [doorbellOfChild, doorbell] = platform.pipe();
    const member = family.reserve();
    const { spawn } = process.getBuiltinModule('node:child_process');
    const identity = [String(member), detached ? 'detached' : String(process.pid)];
    this.#process = spawn(process.execPath, [...surroundings.execArgv, entry, ...identity], {
      stdio: ['ignore', 'inherit', 'inherit', family.heap.fd, lifelineOfChild, doorbellOfChild],
      env: surroundings.env,
      cwd: surroundings.cwd,
      detached,
    });
    platform.close(lifelineOfChild);
    platform.close(doorbellOfChild);
    family.doorbells.adopt(member, doorbell);
    this.member = member;
    this.#family = family;
    this.#lifeline = lifeline;
    this.pid = this.#process.pid ?? -1;
    this.#process.once('error', (error) => this.#failed(error));
    if (this.pid === -1) return;
    family.members.set(member, field.pid, this.pid);
    family.lifelines.adopt(member, lifeline, () => {
      if (this.#exitCode === null) this.#end(platform.awaitExit(this.pid));
    });
    this.#process.once('exit', (code, signal) => {
      this.#end(code ?? -(constants.signals[signal as NodeJS.Signals] ?? 0));
    });
    this.#process.unref();
  }

  /** The exit code, `null` while it runs; looks even if the event loop has not turned. */
  get exitCode(): number | null {
    if (this.#exitCode === null && this.#family.platform.poll([this.#lifeline], 0).length > 0) {
      this.#family.lifelines.ended(this.member);
    }
    return this.#exitCode;
  }

  /** Calls back once, when the child has ended. */
  onExit(callback: () => void): void {
    if (this.#exitCode === null) this.#onExit.push(callback);
    else callback();
  }

  /** Blocks the thread until the child has ended; false if the time was over before. */
  waitSync(timeout: number): boolean {
    return this.#family.parker.block(() => this.#exitCode !== null, performance.now() + timeout);
  }

  /** Whether the child keeps this process alive. */
  hold(keep: boolean): void {
    if (keep) this.#process.ref();
    else this.#process.unref();
  }

  signal(signal: NodeJS.Signals): void {
    if (this.exitCode === null) this.#process.kill(signal);
  }

  #end(exitCode: number): void {
    if (this.#exitCode !== null) return;
    this.#exitCode = exitCode;
    this.#family.bury(this.member);
    for (const callback of this.#onExit.splice(0)) callback();
  }

  /** The process could not even be started. */
  #failed(error: Error): void {
    process.emitWarning(`A child process could not be started: ${error.message}`);
    this.#end(-1);
  }
}
