import type { MessagePort, ResourceLimits, Worker, WorkerOptions } from 'node:worker_threads';
import { ProcessError } from '../contracts/errors.ts';
import { inspect, os, setTimeout } from '../engine/builtins.ts';
import { preloadedModules } from '../engine/node-options.ts';
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
import { stage, type ThreadBootstrap, UNKNOWN, word } from './thread-bootstrap.ts';

/** Milliseconds between checks for processes that an ending thread has started. */
const AGAIN = 20;
/** Deno reports that a thread has ended as soon as it is to end. One that computes runs on until it would wait, and still writes. */
const MAY_RUN_ON = process.versions.deno !== undefined;

/** A worker thread of this process that this thread has started: see README.md, "Threads". */
export class ThreadRunner extends Runner {
  readonly pid = process.pid;
  readonly #thread: Worker;
  readonly #words: Int32Array<SharedArrayBuffer>;
  /** The mark by which processes of the thread are found, once it is being ended. */
  #mark: string | undefined;
  /** Processes that the thread had started when it was ended; they end with it. */
  readonly #children = new Set<number>();
  /** The number of the first signal that ended the thread. */
  #signal: number | undefined;

  /** `env` is the whole environment of the thread. */
  constructor(family: Family, env: Readonly<Record<string, string | undefined>>, resourceLimits?: ResourceLimits) {
    const cradle = prepareMember(family, true);
    const { member, ends } = cradle;
    const { pass, transfer } = ends.forThread();
    const words = new Int32Array(new SharedArrayBuffer(word.words * 4));
    words[word.exitCode] = UNKNOWN;
    const birth: ThreadBootstrap = {
      multiprocThread: { member, memory: family.heap.memory.pass, ends: pass, guards: family.guards },
      multiprocCode: codeOfThreads()?.given(),
      words,
    };
    let thread: Worker;
    try {
      resetGuard(family.guards, member);
      // Not while this thread is being ended: the new thread would be ended with it, at a moment when that is not safe.
      thread = uninterrupted(() => startWorker(env, birth, transfer, resourceLimits));
    } catch (error) {
      giveUpMember(family, cradle);
      throw error;
    }
    family.members.set(member, field.pid, process.pid);
    super(family, cradle);
    this.#thread = thread;
    this.#words = words;
    // The only message that a thread sends in this way.
    thread.on('message', (compiled) => codeOfThreads()?.keep(compiled));
    thread.on('error', (error) => {
      process.stderr.write(`A thread of process ${process.pid} ended by an error of Node's:\n${inspect(error)}\n`);
    });
    thread.once('exit', () => {
      running().delete(this);
      if (MAY_RUN_ON && this.exitCode === null) {
        this.ended(this.findExitCode(), true);
        return;
      }
      ends.settle();
      this.ended(this.findExitCode());
      this.gone();
    });
    thread.unref();
    running().add(this);
  }

  protected override gone(): void {
    const { platform, signals } = this.family;
    signals.settleThreads();
    // Programs of a thread that ended before the first check are found here.
    if (this.#mark !== undefined) platform.processes?.killOrphans(this.#mark);
    this.#reapChildren();
  }

  keepAlive(keep: boolean): void {
    if (keep) this.#thread.ref();
    else this.#thread.unref();
  }

  /** A thread has no signals: every signal ends it, as SIGKILL ends a process. */
  signal(signal: NodeJS.Signals): void {
    if (this.exitCode !== null) return;
    this.#signal ??= os.constants.signals[signal];
    const isStillborn = Atomics.compareExchange(this.#words, word.stage, stage.BOOTING, stage.REFUSED) !== stage.JOINED;
    this.stop();
    if (isStillborn) this.ended(this.findExitCode());
  }

  /** Lets Node end the thread, and wakes it first if it sleeps outside Node. */
  stop(): void {
    // The record may belong to another member as soon as the thread is gone.
    if (this.takesDescendantsAlong) this.#mark ??= markOf(this.family.members, this.member);
    const release = this.family.condemn(this.member);
    // While the thread exists, its children are known; they must not go on when it is ended.
    this.#noteChildren();
    this.#thread.terminate().catch(() => {});
    release();
    this.#endChildren();
  }

  #noteChildren(): void {
    const { members, platform } = this.family;
    const { processes } = platform;
    // Without processes of the system, the thread's children cannot be found.
    if (!this.takesDescendantsAlong || processes === undefined) return;
    for (const other of members.all()) {
      if (!this.#hasStarted(other)) continue;
      for (const pid of processes.ownChildren(members.get(other, field.tid))) this.#children.add(pid);
    }
  }

  /** The thread may start one more process until Node has ended it. */
  readonly #endChildren = (): void => {
    if (!this.takesDescendantsAlong || this.exitCode !== null) return;
    const { processes } = this.family.platform;
    this.#noteChildren();
    processes?.killOwnChildren(this.#children);
    processes?.killOrphans(this.#mark as string);
    setTimeout(this.#endChildren, AGAIN).unref();
  };

  /** No other code does this once the thread is gone. */
  readonly #reapChildren = (): void => {
    const { processes } = this.family.platform;
    if (processes === undefined) return;
    processes.killOwnChildren(this.#children);
    for (const pid of this.#children) if (processes.reap(pid)) this.#children.delete(pid);
    if (this.#children.size > 0) setTimeout(this.#reapChildren, AGAIN).unref();
  };

  /** True for this thread itself and for threads that it has started. */
  #hasStarted(thread: number): boolean {
    const { members } = this.family;
    for (let each = thread; members.get(each, field.thread) === 1; each = members.get(each, field.parent)) {
      if (each === this.member) return true;
    }
    return false;
  }

  /** The thread's lifeline ends with its last instruction. */
  protected override isThere(): boolean {
    return false;
  }

  protected override findExitCode(): number {
    const exitCode = Atomics.load(this.#words, word.exitCode);
    if (exitCode !== UNKNOWN) return exitCode;
    return this.#signal === undefined ? 1 : -this.#signal;
  }
}

/** Node stops the threads of an ending thread, and waits for them: a thread that sleeps outside Node must be woken for that. */
const running = endedAtExit<ThreadRunner>((thread) => thread.stop());

function startWorker(
  env: Readonly<Record<string, string | undefined>>,
  birth: ThreadBootstrap,
  transferList: readonly MessagePort[],
  resourceLimits: ResourceLimits | undefined,
): Worker {
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  try {
    // The thread writes its output itself, and Node need not pass it on; but for what modules print before it begins.
    const isOwn = preloadedModules() === '';
    const options = {
      stdout: isOwn,
      stderr: isOwn,
      transferList,
      env: env as NodeJS.ProcessEnv,
      workerData: birth,
      resourceLimits,
    } as WorkerOptions;
    // Node passes the option on, and starts no file with it. Deno takes the file for an ES module.
    const takesNoFile = process.versions.deno || process.execArgv.some((option) => option.startsWith('--input-type'));
    if (!takesNoFile) return new Worker(childEntry, options);
    const path = JSON.stringify(childEntry);
    const code = `process.argv[1] = ${path}; process.getBuiltinModule('node:module').createRequire(${path})(${path});`;
    return new Worker(code, { ...options, eval: true });
  } catch (cause) {
    throw new ProcessError(`A thread could not be started: ${(cause as Error).message}.`, { cause });
  }
}
