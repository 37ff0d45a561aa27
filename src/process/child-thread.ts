import { pathToFileURL } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { fs, inspect, os } from '../builtins.ts';
import { ProcessError } from '../errors.ts';
import type { Family } from '../memory/family.ts';
import { field } from '../memory/members.ts';
import { resetGuard } from '../memory/thread-guard.ts';
import { uninterrupted } from '../platform/uninterrupted.ts';
import { childEntry } from './child-entry.ts';
import { giveUpMember, prepareMember } from './cradle.ts';
import { Runner } from './runner.ts';
import { stage, type ThreadBirth, UNKNOWN, word } from './thread-birth.ts';

/** A worker thread of this process that this thread has started: see README.md, "Threads". */
export class ThreadRunner extends Runner {
  readonly pid = process.pid;
  readonly #thread: Worker;
  readonly #words: Int32Array<SharedArrayBuffer>;
  /** The number of the signal that was first to end it. */
  #signal: number | undefined;

  /** `env` is all of the thread's environment. */
  constructor(family: Family, env: Readonly<Record<string, string | undefined>>) {
    const file = childEntry();
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
      thread = uninterrupted(() => startWorker(file, env, birth));
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
      running?.delete(this);
      for (const { fd, inode } of ends) if (inodeOf(fd) === inode) family.platform.close(fd);
      this.ended(this.findExitCode());
      family.settleThreads();
    });
    thread.unref();
    endWithThisThread(this);
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
    this.#thread.terminate().catch(() => {});
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

let running: Set<ThreadRunner> | undefined;

/** Node stops the threads of a thread that ends, and waits for them: one that sleeps outside of Node has to be woken for that. */
function endWithThisThread(thread: ThreadRunner): void {
  if (running === undefined) {
    const all = new Set<ThreadRunner>();
    running = all;
    process.once('exit', () => {
      for (const each of all) each.stop();
    });
  }
  running.add(thread);
}

function startWorker(file: string, env: Readonly<Record<string, string | undefined>>, birth: ThreadBirth): Worker {
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  try {
    // The thread writes its output itself: nobody here is to ask for it.
    const options = { env: env as NodeJS.ProcessEnv, stdout: true, stderr: true, workerData: birth };
    if (!process.execArgv.some((option) => option.startsWith('--input-type'))) return new Worker(file, options);
    // Node hands the option on, and takes no files with it.
    const code = `process.argv[1] = ${JSON.stringify(file)}; import(${JSON.stringify(pathToFileURL(file).href)});`;
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
