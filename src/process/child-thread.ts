import { pathToFileURL } from 'node:url';
import type { ResourceLimits, Worker } from 'node:worker_threads';
import { fs, inspect, os, setTimeout } from '../builtins.ts';
import { ProcessError } from '../errors.ts';
import type { Family } from '../memory/family.ts';
import { field } from '../memory/members.ts';
import { resetGuard } from '../memory/thread-guard.ts';
import { uninterrupted } from '../platform/uninterrupted.ts';
import { childEntry } from './child-entry.ts';
import { giveUpMember, prepareMember } from './cradle.ts';
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
  /** Processes that it had started when it was ended, to be ended with it. */
  readonly #children = new Set<number>();
  /** The number of the signal that was first to end it. */
  #signal: number | undefined;

  /** `env` is all of the thread's environment. */
  constructor(family: Family, env: Readonly<Record<string, string | undefined>>, resourceLimits?: ResourceLimits) {
    const cradle = prepareMember(family, true);
    const { member, lifeline, doorbell } = cradle;
    const words = new Int32Array(new SharedArrayBuffer(word.words * 4));
    words[word.exitCode] = UNKNOWN;
    const birth: ThreadBirth = {
      multiprocThread: {
        member,
        heap: family.heap.fd,
        lifeline: lifeline[1],
        doorbell: doorbell[0],
        parking: family.parking,
        shared: family.shared,
      },
      words,
    };
    // They are closed by the thread's end, if it has come far enough; the inodes tell.
    const ends = remember([lifeline[1], doorbell[0]]);
    let thread: Worker;
    try {
      resetGuard(family.shared.guards, member);
      // Not if this thread is being ended: it would be ended with it, where that is not safe.
      thread = uninterrupted(() => startWorker(env, birth, resourceLimits));
    } catch (error) {
      giveUpMember(family, cradle);
      throw error;
    }
    family.members.set(member, field.pid, process.pid);
    family.doorbells.adopt(member, doorbell[1]);
    super(family, member, lifeline[0]);
    this.#thread = thread;
    this.#words = words;
    thread.on('error', (error) => {
      process.stderr.write(`A thread of process ${process.pid} ended by an error of Node's:\n${inspect(error)}\n`);
    });
    thread.once('exit', () => {
      running().delete(this);
      for (const { fd, inode } of ends) if (inodeOf(fd) === inode) family.platform.close(fd);
      this.ended(this.findExitCode());
      family.settleThreads();
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
    this.family.condemn(this.member);
    // While the thread is there it is known what it has started; it must not go on when that is ended.
    this.#noteChildren();
    this.#thread.terminate().catch(() => {});
    this.#endChildren();
  }

  #noteChildren(): void {
    if (!this.takesDescendantsAlong) return;
    const { members, platform } = this.family;
    for (const other of members.all()) {
      if (!this.#hasStarted(other)) continue;
      for (const pid of platform.ownChildren(members.get(other, field.tid))) this.#children.add(pid);
    }
  }

  /** Until Node has ended it, the thread may be starting one more. */
  readonly #endChildren = (): void => {
    if (!this.takesDescendantsAlong || this.exitCode !== null) return;
    this.#noteChildren();
    this.family.platform.killOwnChildren(this.#children);
    setTimeout(this.#endChildren, AGAIN).unref();
  };

  /** Nobody else does, once the thread is gone. */
  readonly #reapChildren = (): void => {
    const { platform } = this.family;
    platform.killOwnChildren(this.#children);
    for (const pid of this.#children) if (platform.reap(pid)) this.#children.delete(pid);
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
  resourceLimits: ResourceLimits | undefined,
): Worker {
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  try {
    // The thread writes its output itself: nobody here is to ask for it.
    const options = { env: env as NodeJS.ProcessEnv, stdout: true, stderr: true, workerData: birth, resourceLimits };
    if (!process.execArgv.some((option) => option.startsWith('--input-type'))) return new Worker(childEntry, options);
    // Node hands the option on, and takes no files with it.
    const code = `process.argv[1] = ${JSON.stringify(childEntry)}; import(${JSON.stringify(pathToFileURL(childEntry).href)});`;
    return new Worker(code, { ...options, eval: true });
  } catch (cause) {
    throw new ProcessError(`A thread could not be started: ${(cause as Error).message}.`, { cause });
  }
}

function remember(fds: readonly number[]): readonly { fd: number; inode: number }[] {
  return fds.map((fd) => ({ fd, inode: inodeOf(fd) as number }));
}

/** `undefined` where the descriptor is closed. */
function inodeOf(fd: number): number | undefined {
  try {
    return fs.fstatSync(fd).ino;
  } catch {
    return undefined;
  }
}
