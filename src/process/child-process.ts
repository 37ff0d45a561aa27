import type { ChildProcess, SpawnOptions, StdioOptions } from 'node:child_process';
import { os } from '../builtins.ts';
import { PlatformError, ProcessError } from '../errors.ts';
import type { Family } from '../memory/family.ts';
import { field } from '../memory/members.ts';
import { processes } from '../platform/choose.ts';
import { childEntry } from './child-entry.ts';
import { giveUpMember, prepareMember } from './cradle.ts';
import { currentDirectory } from './current-directory.ts';
import { endDescendants } from './descendants.ts';
import { endedAtExit } from './ended-at-exit.ts';
import { inheritedEnv, inheritedExecArgv } from './exec-arguments.ts';
import { Runner } from './runner.ts';

/** What only a process of the operating system has, and when it is made. */
export interface Making {
  readonly detached: boolean;
  readonly stdin: 'ignore' | 'inherit';
}

/** What of this process a child inherits when it is made, so that a spare made earlier can be told from one made now. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string | undefined;
  readonly execArgv: readonly string[];
}

export function currentSurroundings(): Surroundings {
  return { env: inheritedEnv(process.env), cwd: currentDirectory(), execArgv: inheritedExecArgv(process.execArgv) };
}

/** Where the descriptors that a child inherits stand in it. */
export const inherited = { heap: 3, lifeline: 4, doorbell: 5, parking: 6, parentBell: 7 } as const;

/** What needs processes, in the words of an error. */
const WHAT = "The start method 'spawn'";

const usual: Making = { detached: false, stdin: 'ignore' };

/** A process that this one has started. */
export class ChildRunner extends Runner {
  readonly pid: number;
  readonly #process: ChildProcess;
  readonly #isDetached: boolean;

  /** The working directory is this process's as it is now. */
  constructor(family: Family, { env, execArgv }: Surroundings, { detached, stdin }: Making = usual) {
    processes(WHAT);
    assertNode();
    const cradle = prepareMember(family, false);
    const { member, ends } = cradle;
    let child: ChildProcess;
    try {
      const identity = [String(member), detached ? 'detached' : String(process.pid)];
      child = spawn([...execArgv, childEntry, ...identity], {
        stdio: [
          ...[stdin, 'inherit', 'inherit'],
          ...[family.heap.memory.pass.file, ...ends.forProcess()],
        ] as StdioOptions,
        env,
        detached,
      });
    } catch (error) {
      giveUpMember(family, cradle);
      throw error;
    }
    // From here on it has its ends, and nothing may be taken back.
    super(family, cradle);
    ends.handedOver();
    this.#process = child;
    this.#isDetached = detached;
    this.pid = child.pid as number;
    family.members.set(member, field.pid, this.pid);
    const reaped = family.pipeSignals!.threadChildren.started(this.pid, detached);
    child.once('exit', (code, signal) => {
      reaped();
      if (this.takesDescendantsAlong) endingWithThis().delete(this);
      this.ended(code ?? -(os.constants.signals[signal as NodeJS.Signals] ?? 0));
    });
    // Of a signal that could not be sent, for example.
    child.on('error', (error) => process.emitWarning(error));
    child.unref();
  }

  /** Asks the kernel; false as soon as the child is being taken down, which takes some ms and is over when `exitCode` is there. */
  get isRunning(): boolean {
    return this.exitCode === null && this.isThere();
  }

  hold(keep: boolean): void {
    if (keep) this.#process.ref();
    else this.#process.unref();
  }

  override takeDescendantsAlong(): void {
    super.takeDescendantsAlong();
    if (!this.#isDetached) endingWithThis().add(this);
  }

  override endUnbegun(): void {
    if (this.exitCode === null) this.#process.kill('SIGKILL');
  }

  signal(signal: NodeJS.Signals): void {
    if (this.exitCode !== null) return;
    const signals = this.takesDescendantsAlong ? endDescendants(this.family, this.member, signal) : [signal];
    for (const each of signals) this.#process.kill(each);
  }

  protected override isThere(): boolean {
    return !this.family.signals.isProcessGone(this.pid);
  }

  protected override findExitCode(): number | undefined {
    return processes(WHAT).awaitExit(this.pid);
  }
}

/** The kernel ends a process with the one that started it, but not what that process has started. */
const endingWithThis = endedAtExit<ChildRunner>((child) => child.signal('SIGKILL'));

/** Throws a `PlatformError` where what would be started is no node but the program itself, which would start it again. */
function assertNode(): void {
  if (!process.getBuiltinModule('node:sea')?.isSea()) return;
  throw new PlatformError(
    "A single executable application cannot start processes: each would run the program again. Use threads: setStartMethod('thread'), or getContext('thread') as the option context.",
  );
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
      'The limit of processes, of descriptors (ulimit -n) or of memory may be reached; a warning with the reason follows.',
  );
}
