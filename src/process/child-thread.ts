import type { MessagePort, ResourceLimits, Worker, WorkerOptions } from 'node:worker_threads';
import { inspect, os, setTimeout } from '../builtins.ts';
import { ProcessError } from '../errors.ts';
import type { Family } from '../memory/family.ts';
import { field } from '../memory/members.ts';
import { resetGuard } from '../memory/thread-guard.ts';
import { uninterrupted } from '../platform/uninterrupted.ts';
import { childEntry } from './child-entry.ts';
import { codeOfThreads } from './code-of-threads.ts';
import { giveUpMember, prepareMember } from './cradle.ts';
import { markOf } from './descendants.ts';
import { endedAtExit } from './ended-at-exit.ts';
import { Runner } from './runner.ts';
import { stage, type ThreadBirth, UNKNOWN, word } from './thread-birth.ts';

/** Milliseconds between looks for what a thread that is being ended has started. */
const AGAIN = 20;

/** A worker thread of this process that this thread has started: see README.md, "Threads". */
export class ThreadRunner extends Runner {
  readonly pid = process.pid;
  readonly #thread: Worker;
  readonly #words: Int32Array<SharedArrayBuffer>;
  /** By which what it has started is known, once it is being ended. */
  #mark: string | undefined;
  /** Processes that it had started when it was ended, to be ended with it. */
  readonly #children = new Set<number>();
  /** The number of the signal that was first to end it. */
  #signal: number | undefined;

  /** `env` is all of the thread's environment. */
  constructor(family: Family, env: Readonly<Record<string, string | undefined>>, resourceLimits?: ResourceLimits) {
    const cradle = prepareMember(family, true);
    const { member, ends } = cradle;
    const { pass, transfer } = ends.forThread();
    const words = new Int32Array(new SharedArrayBuffer(word.words * 4));
    words[word.exitCode] = UNKNOWN;
    const birth: ThreadBirth = {
      multiprocThread: { member, memory: family.heap.memory.pass, ends: pass, guards: family.guards },
      multiprocCode: codeOfThreads()?.given(),
      words,
    };
    let thread: Worker;
    try {
      resetGuard(family.guards, member);
      // Not if this thread is being ended: it would be ended with it, where that is not safe.
      thread = uninterrupted(() => startWorker(env, birth, transfer, resourceLimits));
    } catch (error) {
      giveUpMember(family, cradle);
      throw error;
    }
    family.members.set(member, field.pid, process.pid);
    super(family, cradle);
    this.#thread = thread;
    this.#words = words;
    // The only thing that a thread says in this way.
    thread.on('message', (compiled) => codeOfThreads()?.keep(compiled));
    thread.on('error', (error) => {
      process.stderr.write(`A thread of process ${process.pid} ended by an error of Node's:\n${inspect(error)}\n`);
    });
    thread.once('exit', () => {
      running().delete(this);
      ends.settle();
      this.ended(this.findExitCode());
      family.signals.settleThreads();
      // One that was quicker than the first look has left them, too.
      if (this.#mark !== undefined) family.platform.processes?.killOrphans(this.#mark);
      this.#reapChildren();
    });
    thread.unref();
    running().add(this);
  }

  hold(keep: boolean): void {
    if (keep) this.#thread.ref();
    else this.#thread.unref();
  }

  /** A thread has no signals: whichever it is ends it, as SIGKILL does a process. */
  signal(signal: NodeJS.Signals): void {
    if (this.exitCode !== null) return;
    this.#signal ??= os.constants.signals[signal];
    const isStillborn = Atomics.compareExchange(this.#words, word.stage, stage.BOOTING, stage.REFUSED) !== stage.JOINED;
    this.stop();
    if (isStillborn) this.ended(this.findExitCode());
  }

  /** Has Node end it; what it sleeps in, Node cannot wake. */
  stop(): void {
    // Its record may be another's as soon as it is gone.
    if (this.takesDescendantsAlong) this.#mark ??= markOf(this.family.members, this.member);
    const release = this.family.condemn(this.member);
    // While the thread is there it is known what it has started; it must not go on when that is ended.
    this.#noteChildren();
    this.#thread.terminate().catch(() => {});
    release();
    this.#endChildren();
  }

  #noteChildren(): void {
    const { members, platform } = this.family;
    const { processes } = platform;
    // Without processes of the system nobody can tell what the thread has started.
    if (!this.takesDescendantsAlong || processes === undefined) return;
    for (const other of members.all()) {
      if (!this.#hasStarted(other)) continue;
      for (const pid of processes.ownChildren(members.get(other, field.tid))) this.#children.add(pid);
    }
  }

  /** Until Node has ended it, the thread may be starting one more. */
  readonly #endChildren = (): void => {
    if (!this.takesDescendantsAlong || this.exitCode !== null) return;
    const { processes } = this.family.platform;
    this.#noteChildren();
    processes?.killOwnChildren(this.#children);
    processes?.killOrphans(this.#mark as string);
    setTimeout(this.#endChildren, AGAIN).unref();
  };

  /** Nobody else does, once the thread is gone. */
  readonly #reapChildren = (): void => {
    const { processes } = this.family.platform;
    if (processes === undefined) return;
    processes.killOwnChildren(this.#children);
    for (const pid of this.#children) if (processes.reap(pid)) this.#children.delete(pid);
    if (this.#children.size > 0) setTimeout(this.#reapChildren, AGAIN).unref();
  };

  /** True for this thread itself, and for those that it has started. */
  #hasStarted(thread: number): boolean {
    const { members } = this.family;
    for (let each = thread; members.get(each, field.thread) === 1; each = members.get(each, field.parent)) {
      if (each === this.member) return true;
    }
    return false;
  }

  /** Its lifeline ends with its last instruction. */
  protected override isThere(): boolean {
    return false;
  }

  protected override findExitCode(): number {
    const exitCode = Atomics.load(this.#words, word.exitCode);
    if (exitCode !== UNKNOWN) return exitCode;
    return this.#signal === undefined ? 1 : -this.#signal;
  }
}

/** Node stops the threads of a thread that ends, and waits for them: one that sleeps outside of Node has to be woken for that. */
const running = endedAtExit<ThreadRunner>((thread) => thread.stop());

function startWorker(
  env: Readonly<Record<string, string | undefined>>,
  birth: ThreadBirth,
  transferList: readonly MessagePort[],
  resourceLimits: ResourceLimits | undefined,
): Worker {
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  try {
    // The thread writes its output itself: nobody here is to ask for it.
    const own = { stdout: true, stderr: true, transferList };
    const options = { ...own, env: env as NodeJS.ProcessEnv, workerData: birth, resourceLimits } as WorkerOptions;
    // Node hands the option on, and takes no files with it. Deno takes the file for an ES module.
    const takesNoFile = process.versions.deno || process.execArgv.some((option) => option.startsWith('--input-type'));
    if (!takesNoFile) return new Worker(childEntry, options);
    const path = JSON.stringify(childEntry);
    const code = `process.argv[1] = ${path}; process.getBuiltinModule('node:module').createRequire(${path})(${path});`;
    return new Worker(code, { ...options, eval: true });
  } catch (cause) {
    throw new ProcessError(`A thread could not be started: ${(cause as Error).message}.`, { cause });
  }
}
