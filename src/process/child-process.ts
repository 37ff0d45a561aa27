import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { os } from '../builtins.ts';
import { ProcessError } from '../errors.ts';
import type { Family } from '../memory/family.ts';
import { field } from '../memory/members.ts';
import { childEntry } from './child-entry.ts';
import { currentDirectory } from './current-directory.ts';
import { inheritedExecArgv } from './exec-arguments.ts';

/** What of this process a child inherits when it is made, so that a spare made earlier can be told from one made now. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string | undefined;
  readonly execArgv: readonly string[];
}

export function currentSurroundings(): Surroundings {
  return { env: { ...process.env }, cwd: currentDirectory(), execArgv: inheritedExecArgv(process.execArgv) };
}

/** Where the descriptors that a child inherits stand in it. */
export const inherited = { heap: 3, lifeline: 4, doorbell: 5, parking: 6 } as const;

/** A process that this one has started: it waits for its assignment, or runs it, or has ended. */
export class Child {
  readonly member: number;
  readonly pid: number;
  readonly #family: Family;
  readonly #process: ChildProcess;
  readonly #lifeline: number;
  readonly #onExit = new Set<() => void>();
  /** Python's exit code; `null` while it runs. */
  #exitCode: number | null = null;
  /** Until it is, nothing has ended; afterwards the event loop may still have to tell the exit code. */
  #isLifelineOpen = true;

  /** The working directory is this process's as it is now. */
  constructor(family: Family, { env, execArgv }: Surroundings, detached: boolean) {
    const { platform } = family;
    const file = childEntry();
    const opened: number[] = [];
    const pipe = () => {
      const ends = platform.pipe();
      opened.push(...ends);
      return ends;
    };
    const member = family.reserve();
    try {
      const [lifeline, lifelineOfChild] = pipe();
      const [doorbellOfChild, doorbell] = pipe();
      const identity = [String(member), detached ? 'detached' : String(process.pid)];
      this.#process = spawn([...execArgv, file, ...identity], {
        stdio: ['ignore', 'inherit', 'inherit', family.heap.fd, lifelineOfChild, doorbellOfChild, family.parking],
        env,
        detached,
      });
      platform.close(lifelineOfChild);
      platform.close(doorbellOfChild);
      family.doorbells.adopt(member, doorbell);
      this.#lifeline = lifeline;
    } catch (error) {
      for (const fd of opened) platform.close(fd);
      family.bury(member);
      throw error;
    }
    this.member = member;
    this.#family = family;
    this.pid = this.#process.pid as number;
    family.members.set(member, field.pid, this.pid);
    family.lifelines.adopt(member, this.#lifeline, () => {
      this.#isLifelineOpen = false;
      if (this.#exitCode !== null) return;
      const exitCode = platform.awaitExit(this.pid);
      if (exitCode !== undefined) this.#end(exitCode);
    });
    this.#process.once('exit', (code, signal) => {
      this.#end(code ?? -(os.constants.signals[signal as NodeJS.Signals] ?? 0));
    });
    // Of a signal that could not be sent, for example.
    this.#process.on('error', (error) => process.emitWarning(error));
    this.#process.unref();
  }

  /** The exit code, `null` while it runs; looks even if the event loop has not turned. */
  get exitCode(): number | null {
    if (this.#isLifelineOpen && this.#family.platform.poll([this.#lifeline], 0).length > 0) {
      this.#family.lifelines.ended(this.member);
    }
    return this.#exitCode;
  }

  /** Asks the kernel; false as soon as the child is being taken down, which takes some ms and is over when `exitCode` is there. */
  get isRunning(): boolean {
    return this.exitCode === null && this.#family.platform.startTime(this.pid, this.pid) !== undefined;
  }

  /** Calls back once, when the child has ended; the answer stops that. */
  onExit(callback: () => void): () => void {
    if (this.#exitCode === null) this.#onExit.add(callback);
    else callback();
    return () => this.#onExit.delete(callback);
  }

  /** Blocks the thread until the child has ended; false if the time was over before. */
  waitSync(timeout: number): boolean {
    return this.#family.parker.block(() => !this.#isLifelineOpen, performance.now() + timeout);
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
    const callbacks = [...this.#onExit];
    this.#onExit.clear();
    for (const callback of callbacks) callback();
  }
}

/** Starts node, or throws a `ProcessError` that says why that cannot be done. */
function spawn(args: readonly string[], options: SpawnOptions): ChildProcess {
  const { spawn } = process.getBuiltinModule('node:child_process');
  let started: ChildProcess;
  try {
    started = spawn(process.execPath, args, options);
  } catch (cause) {
    throw new ProcessError(`A process could not be started: ${(cause as Error).message}.`, { cause });
  }
  if (started.pid !== undefined) return started;
  // The reason comes later, as an event that would end the program if nobody listened.
  started.on('error', (error) => process.emitWarning(error));
  throw new ProcessError(
    `A process could not be started: the system refused to run ${process.execPath}. ` +
      'The limit of processes or of memory may be reached; a warning with the reason follows.',
  );
}
