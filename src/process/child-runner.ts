import type { ChildProcess, SpawnOptions, StdioOptions } from 'node:child_process';
import { PlatformError, ProcessError } from '../contracts/errors.ts';
import { os } from '../engine/builtins.ts';
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

/** The options that only a process of the operating system has, and that hold from its creation on. */
interface Making {
  readonly detached: boolean;
  readonly stdin: 'ignore' | 'inherit';
}

/** The state of this process that a child inherits at its creation: tells a spare that was made earlier from a child made now. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string | undefined;
  readonly execArgv: readonly string[];
}

/** Returns the state that a child made now would inherit. */
export function currentSurroundings(): Surroundings {
  return { env: inheritedEnv(process.env), cwd: currentDirectory(), execArgv: inheritedExecArgv(process.execArgv) };
}

/** The name of the feature that needs processes, for errors. */
const WHAT = "The start method 'spawn'";

const usual: Making = { detached: false, stdin: 'ignore' };

/** A process that this process has started. */
export class ChildRunner extends Runner {
  readonly pid: number;
  readonly #process: ChildProcess;
  readonly #isDetached: boolean;

  /** The child's working directory is the present one of this process. */
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
    // From here on the child has its ends, and nothing may be taken back.
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
    // Emitted if a signal could not be sent, for example.
    child.on('error', (error) => process.emitWarning(error));
    child.unref();
  }

  /** Asks the kernel. False from the moment when the child is being taken down; `exitCode` follows some milliseconds later. */
  get isRunning(): boolean {
    return this.exitCode === null && this.isThere();
  }

  keepAlive(keep: boolean): void {
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

/** The kernel ends a process with its parent, but not the programs that the process has started. */
const endingWithThis = endedAtExit<ChildRunner>((child) => child.signal('SIGKILL'));

/** Throws a `PlatformError` if the executable is not node but the program itself, which would run again. */
function assertNode(): void {
  if (!process.getBuiltinModule('node:sea')?.isSea()) return;
  throw new PlatformError(
    "A single executable application cannot start processes: each would run the program again. Use threads: setStartMethod('thread'), or getContext('thread') as the option context.",
  );
}

/** Starts node. Throws a `ProcessError` with the reason if that fails. */
function spawn(args: readonly string[], options: SpawnOptions): ChildProcess {
  const { spawn } = process.getBuiltinModule('node:child_process');
  let started: ChildProcess;
  try {
    started = spawn(process.execPath, args, options);
  } catch (cause) {
    throw new ProcessError(`A process could not be started: ${(cause as Error).message}.`, { cause });
  }
  if (started.pid !== undefined) return started;
  // The reason comes later, as an event that would end the program without a listener.
  started.on('error', (error) => process.emitWarning(error));
  throw new ProcessError(
    `A process could not be started: the system refused to run ${process.execPath}. ` +
      'The limit of processes, of descriptors (ulimit -n) or of memory may be reached; a warning with the reason follows.',
  );
}
