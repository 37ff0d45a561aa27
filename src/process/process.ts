import { pack } from '../channel/transport.ts';
import { withinProcess } from '../codec/within-process.ts';
import { ClosedError, PlatformError, StateError } from '../contracts/errors.ts';
import {
  assertOptionType,
  checkOptionNames,
  readTimeout,
  type SyncWaitOptions,
  type WaitOptions,
} from '../contracts/options.ts';
import { mapsStacks } from '../functions/mapped-stacks.ts';
import { lazy } from '../loading/lazy.ts';
import { type Family, family } from '../memory/family.ts';
import { discardEnvelope } from '../ring/envelope.ts';
import { awaitEvent } from '../waits/await-event.ts';
import { type Assignment, assign, dropAssignment, writeAssignment } from './assignment.ts';
import { departing } from './departing.ts';
import { assertDescendantsEnd } from './descendants.ts';
import { type IndexClaim, ownIndex } from './own-index.ts';
import { type AnyArgs, type ProcessOptions, processOptionNames } from './process-options.ts';
import type { Runner } from './runner.ts';
import { Sentinel } from './sentinel.ts';
import { assertStartAllowed } from './start-allowed.ts';
import { getStartMethod, type StartMethod, startMethodOf } from './start-method.ts';
import { checkStartOptions, type StartOptions } from './start-options.ts';
import './current-directory.ts';

const starting = lazy(() => require('./start-runner.ts') as typeof import('./start-runner.ts'));

/** The state of a process. Separate from the object, because a process that was sent is made without its constructor. */
interface Internals {
  name: string;
  daemon: boolean;
  readonly startMethod: StartMethod;
  readonly detached: boolean;
  readonly descendants: boolean;
  readonly start: StartOptions;
  /** For a worker of a pool: its number. */
  index: IndexClaim | undefined;
  /** Child numbers from the main process down: `[2, 1]` is the first child of its second child. */
  readonly identity: readonly number[];
  target: ((...args: AnyArgs) => unknown) | undefined;
  args: AnyArgs;
  child: Runner | undefined;
  /** True for the object of the process in which it is used. */
  readonly isCurrent: boolean;
  closed: boolean;
  /** The number of waiting joins: they keep the program alive even for a daemon. */
  joins: number;
  sentinel: Sentinel | undefined;
}

/** The initial values of the state, which are the same for every process. */
const untouched = {
  index: undefined,
  child: undefined,
  isCurrent: false,
  closed: false,
  joins: 0,
  sentinel: undefined,
} as const;

const internals = new WeakMap<object, Internals>();
const children = new Set<Process>();
/** The number of processes that this process has made. */
let made = 0;
let current: Process | undefined;

/**
 * Runs a function in another process of the operating system, as Python's `multiprocessing.Process` does.
 *
 * The function and its arguments are copied to the new process (see docs/what-crosses.md); shared objects such as queues and locks stay
 * shared. `exitCode` is 0 at a normal end, 1 after an uncaught error (whose stack goes to standard error), N after `process.exit(N)`, and
 * -N if signal N ended the process. For many small tasks use a `Pool`: a start costs milliseconds.
 *
 * @example
 * ```ts
 * import { Process } from 'multiproc';
 * import assert from 'node:assert';
 *
 * const greeting = 'hello';
 * const p = new Process({ target: (name) => console.log(`${greeting} ${name} from ${process.pid}`), args: ['world'] });
 * p.start();
 * await p.join();
 * assert.equal(p.exitCode, 0);
 * ```
 */
// biome-ignore lint/suspicious/noExplicitAny: as in the options.
export class Process<A extends AnyArgs = any[]> {
  constructor(options?: ProcessOptions<A>);
  constructor(options: ProcessOptions<AnyArgs> = {}) {
    checkOptionNames('Process', options, processOptionNames);
    const { target, args, name, env, execArgv, stdin, resourceLimits } = options;
    const start = { env, execArgv, stdin, resourceLimits } as StartOptions;
    assertOptionType('target', target, 'function');
    if (args !== undefined && !Array.isArray(args)) {
      throw new TypeError('args must be an array: the arguments of the target, in order');
    }
    assertOptionType('name', name, 'string');
    assertOptionType('daemon', options.daemon, 'boolean');
    assertOptionType('detached', options.detached, 'boolean');
    assertOptionType('descendants', options.descendants, 'boolean');
    const startMethod = startMethodOf(options.context);
    if (options.detached && startMethod === 'thread') {
      throw new PlatformError("A thread cannot be detached: it ends with its process. Use the start method 'spawn'.");
    }
    if (options.descendants) assertDescendantsEnd();
    checkStartOptions(start, startMethod);
    const parent = internals.get(currentProcess())!;
    const identity = [...parent.identity, ++made];
    internals.set(this, {
      name: name ?? `${new.target.name || 'Process'}-${identity.join(':')}`,
      identity,
      daemon: options.daemon ?? parent.daemon,
      startMethod,
      detached: options.detached ?? false,
      descendants: options.descendants ?? false,
      start,
      ...untouched,
      target: target as Internals['target'],
      args: args === undefined ? [] : [...args],
    });
  }

  /** Does the work of the new process: calls the target. Override this method in a subclass, or give a target. */
  run(): unknown {
    const { target, args } = open(this);
    return target?.(...args);
  }

  /**
   * Starts the process and returns before it is ready. Throws a `SerializationError` with the path if a value cannot be sent, and a
   * `StateError` at a second start. A failed start changes nothing: remove the cause and start again.
   */
  start(): void {
    const own = open(this);
    if (own.child !== undefined || own.isCurrent) {
      throw new StateError(`${own.name} was started before: a process runs once, make a new one.`);
    }
    assertStartAllowed(own.identity.length);
    const mine = family();
    const assignment = prepare(mine, this, false);
    let child: Runner;
    try {
      child = starting().startRunner(own, warmUpSpare);
    } catch (error) {
      dropAssignment(mine, assignment);
      throw error;
    }
    own.child = child;
    if (own.descendants) child.takeDescendantsAlong();
    assign(mine, child.member, assignment);
    // As in Python: what was given to the child may be collected here.
    own.target = undefined;
    own.args = [];
    if (!own.daemon) child.keepAlive(true);
    children.add(this);
    child.onExit(() => children.delete(this));
  }

  /** Waits until the process has ended. Resolves on time-out too: `exitCode` is `null` while the process runs. */
  async join(options?: WaitOptions): Promise<void> {
    const own = open(this);
    const child = startedChild(own, 'join');
    readTimeout(options);
    options?.signal?.throwIfAborted();
    if (child.exitCode !== null) return;
    own.joins++;
    child.keepAlive(true);
    let forget = () => {};
    try {
      await awaitEvent((done) => {
        forget = child.onExit(done);
      }, options);
    } finally {
      forget();
      own.joins--;
      if (own.joins === 0 && own.daemon) child.keepAlive(false);
    }
  }

  /** Blocks the thread until the process has ended. Returns on time-out too: `exitCode` is `null` while the process runs. */
  joinSync(options?: SyncWaitOptions): void {
    const child = startedChild(open(this), 'join');
    const timeout = readTimeout(options);
    if (child.exitCode === null) child.waitSync(timeout);
  }

  /** Returns true from the start until the process has ended. */
  isAlive(): boolean {
    const own = open(this);
    return own.isCurrent || (own.child !== undefined && own.child.exitCode === null);
  }

  /** Sends SIGINT; does nothing if the process has ended. A thread cannot handle signals: it ends, as by `terminate` and `kill`. */
  interrupt(): void {
    startedChild(open(this), 'interrupt').signal('SIGINT');
  }

  /** Sends SIGTERM; does nothing if the process has ended. The children of the process end with it. */
  terminate(): void {
    startedChild(open(this), 'terminate').signal('SIGTERM');
  }

  /** Sends SIGKILL; does nothing if the process has ended. The children of the process end with it. */
  kill(): void {
    startedChild(open(this), 'kill').signal('SIGKILL');
  }

  /** Ends the use of this object. Throws a `StateError` if the process is running. Every later call but `close()` throws a `ClosedError`. */
  close(): void {
    const own = internals.get(this)!;
    if (own.closed) return;
    if (this.isAlive()) throw new StateError(`${own.name} is still running: join it or end it before you close it.`);
    own.closed = true;
    own.child = undefined;
  }

  /** A label for messages, not necessarily unique. It can be set at any time. */
  get name(): string {
    return open(this).name;
  }

  set name(name: string) {
    if (typeof name !== 'string') throw new TypeError('name must be a string');
    open(this).name = name;
  }

  /** True if the process does not keep its parent alive and ends with it. It can be set until the start. */
  get daemon(): boolean {
    return open(this).daemon;
  }

  /** Sets whether the process is a daemon; only possible before the start. */
  set daemon(daemon: boolean) {
    const own = open(this);
    if (own.child !== undefined || own.isCurrent) {
      throw new StateError(`${own.name} has started: whether it is a daemon is settled by then.`);
    }
    if (typeof daemon !== 'boolean') throw new TypeError('daemon must be true or false');
    own.daemon = daemon;
  }

  /** The process id; for a thread, the id of its process. `undefined` before the start. */
  get pid(): number | undefined {
    const own = open(this);
    return own.isCurrent ? process.pid : own.child?.pid;
  }

  /**
   * In a pool's worker, `currentProcess().index` is its number among the workers, from 0 to one less than the largest number of workers.
   * A replacement gets the number of the worker before it, so each worker can have a port, a device or a file of its own. Two workers
   * never see the same number at once: while the worker before is still cleaning up, reading `index` blocks the thread. `undefined` in
   * all other processes.
   */
  get index(): number | undefined {
    return open(this).isCurrent ? ownIndex() : undefined;
  }

  /** The exit code as the class describes it; `null` before the start and while the process runs. */
  get exitCode(): number | null {
    return open(this).child?.exitCode ?? null;
  }

  /** An object that becomes ready when the process has ended, for `wait()` and for `get({ producers })`. */
  get sentinel(): Sentinel {
    const own = open(this);
    const child = startedChild(own, 'get the sentinel of');
    own.sentinel ??= new Sentinel(child);
    return own.sentinel;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    const own = internals.get(this)!;
    const exitCode = own.closed ? undefined : own.child?.exitCode;
    const state = own.closed ? 'closed' : own.isCurrent ? 'current' : own.child === undefined ? 'initial' : 'started';
    const end = typeof exitCode === 'number' ? `stopped exitCode=${exitCode}` : state;
    const pid = own.child === undefined ? '' : ` pid=${own.child.pid}`;
    return `<${this.constructor.name} name='${own.name}'${pid} ${end}${own.daemon ? ' daemon' : ''}>`;
  }
}

/**
 * Returns the object of the process in which it is called.
 *
 * @example
 * ```ts
 * import { currentProcess } from 'multiproc';
 * import assert from 'node:assert';
 *
 * assert.equal(currentProcess().name, 'MainProcess');
 * assert.equal(currentProcess().pid, process.pid);
 * ```
 */
export function currentProcess(): Process {
  current ??= reviveProcess(Process, mainProcess);
  return current;
}

/** Returns the processes that this process has started and that have not ended. */
export function activeChildren(): Process[] {
  return [...children].filter((child) => child.isAlive());
}

/** A friend of `Process`: returns the running child behind a started process. */
export function childOf(process: Process): Runner {
  return startedChild(open(process), 'reach');
}

/** A friend of `Process`: sets the number of a pool's worker. */
export function numberProcess(process: Process, claim: IndexClaim): void {
  open(process).index = claim;
}

/** The part of a process that is sent to it. */
export type Travelling = Pick<Internals, 'name' | 'daemon' | 'identity' | 'target' | 'args'>;

const mainProcess: Travelling = { name: 'MainProcess', daemon: false, identity: [], target: undefined, args: [] };

/** A friend of `Process`: returns the part of a starting process that is sent to it. */
export function travellingPart(process: Process): Travelling {
  const { name, daemon, identity, target, args } = open(process);
  return { name, daemon, identity, target, args };
}

/** Makes the object of this process itself, with the class that the parent used. */
export function reviveProcess<P extends Process>(
  cls: { prototype: P },
  { name, daemon, identity }: Pick<Travelling, 'name' | 'daemon' | 'identity'>,
): P {
  const process = makeProcess(cls, { name, daemon, identity, target: undefined, args: [] }, true);
  current = process;
  return process;
}

/** Sets the work of the object that `reviveProcess` has made. */
export function equipProcess(process: Process, { target, args }: Pick<Travelling, 'target' | 'args'>): void {
  Object.assign(open(process), { target, args });
}

function makeProcess<P extends Process>(cls: { prototype: P }, travelling: Travelling, isCurrent: boolean): P {
  const process = Object.create(cls.prototype) as P;
  internals.set(process, {
    ...travelling,
    startMethod: 'spawn',
    detached: false,
    descendants: false,
    start: {},
    ...untouched,
    isCurrent,
  });
  return process;
}

/** Lets a spare run everything once with a process that does almost nothing, so that its code is compiled before it is needed. */
function warmUpSpare(spare: Runner): void {
  const mine = family();
  const { target, args, end } = starting().warmUp();
  assign(mine, spare.member, prepare(mine, makeProcess(Process, { ...mainProcess, target, args }, false), true));
  end();
}

/** Writes everything into the heap that a child needs to be this process. */
function prepare(mine: Family, work: Process, isWarmUp: boolean): Assignment {
  const { name, index, descendants, startMethod } = open(work);
  const send = () => departing(work, () => pack(mine, work, ''));
  const envelope = startMethod === 'thread' ? withinProcess(send) : send();
  const brief = {
    modules: envelope.modules,
    argv: process.argv,
    isWarmUp,
    name,
    index,
    takesDescendantsAlong: descendants,
    startMethod: getStartMethod(),
    mapsStacks: mapsStacks(),
    parent: { pid: process.pid, name: currentProcess().name },
  };
  try {
    return writeAssignment(mine, envelope, brief);
  } catch (error) {
    discardEnvelope(mine, envelope);
    throw error;
  }
}

function open(process: object): Internals {
  const own = internals.get(process);
  if (own === undefined) throw new StateError('This Process was never made: a subclass must call super().');
  if (own.closed) throw new ClosedError(`${own.name} is closed: close() let go of it.`);
  return own;
}

function startedChild(own: Internals, what: string): Runner {
  if (own.isCurrent) throw new StateError(`A process cannot ${what} itself.`);
  if (own.child === undefined) throw new StateError(`You can ${what} ${own.name} only after start().`);
  return own.child;
}
