import { reach } from '../../codec/extension.ts';
import { Admission, type Feeder } from '../../contracts/admission.ts';
import { ClusterError, StateError } from '../../contracts/errors.ts';
import { type Executor, hasFailed, type Outcome, outcome, type Task, way } from '../../contracts/executor.ts';
import { queueMicrotask } from '../../engine/builtins.ts';
import { asOurselves } from '../../loading/loaded-for-functions.ts';
import type { PoolSettings } from '../../pool/pool-settings.ts';
import { inUsersWords } from '../../pool/refusal-path.ts';
import { onAbort } from '../../waits/on-abort.ts';
import { within } from '../../waits/timer.ts';
import { Cluster } from '../cluster.ts';
import { folderUrl } from '../code/host-border.ts';
import { OutgoingCode } from '../code/outgoing-code.ts';
import { depthOfPoolHere, lendSlot } from '../host-link.ts';
import { packValue, unpackValue } from '../packed.ts';
import { payloadTooLarge } from '../payload-too-large.ts';
import type { ClusterTasks } from '../proxies/cluster-tasks.ts';
import { readCodeOptions, readTaskSettings } from '../settings.ts';
import { assertBullInstalled } from './bull.ts';
import type { TaskOrder } from './desk-task.ts';
import { FunctionStore, type Stored } from './function-store.ts';
import { NO_TIMEOUT, NODE, type PoolHeader, PROTOCOL, writeLetter } from './letter.ts';

/** A task that was submitted to the cluster. */
interface ClusterTask {
  readonly id: number;
  readonly fn: Stored;
  readonly task: Task;
  stopListening: (() => void) | undefined;
  isSettled: boolean;
}

/** The number of slots that is assumed until the cluster has reported its own: chunks that are too small cost less than empty slots. */
const ASSUMED_SLOTS = 32;
/** The largest number of tasks of one turn that go to the gateway together: it begins to run them while others are being packed. */
const MOST_TOGETHER = 256;
/** Milliseconds that the gateway of a pool that ends may take: longer than it waits for the server. */
const GOODBYE = 5000;

/** Runs the tasks of one pool on the hosts of a cluster. The gateway's part is `TaskDesk`. See ../README.md, "Tasks". */
export class ClusterExecutor implements Executor<ClusterTask> {
  readonly admission = new Admission(() => this.#maybeIdle());
  readonly #settings: PoolSettings;
  readonly #options: NonNullable<PoolSettings['cluster']>;
  readonly #maxPayload: number;
  readonly #depth: number;
  readonly #code: OutgoingCode;
  readonly #functions: FunctionStore;
  readonly #tasks = new Map<number, ClusterTask>();
  #orders: TaskOrder[] = [];
  #isListening = false;
  #takeBackSlot: (() => void) | undefined;
  readonly #idle: (() => void)[] = [];
  #cluster: Cluster | undefined;
  #door: ClusterTasks | undefined;
  #slots = 0;
  #taken = 0;
  #done = 0;
  #failed = 0;
  #leaving: Promise<void> | undefined;

  constructor(settings: PoolSettings) {
    this.#settings = settings;
    this.#options = settings.cluster!;
    const { keys, maxPayload } = readTaskSettings(this.#options);
    this.#maxPayload = maxPayload;
    if (keys.length === 0) {
      throw new TypeError(
        'A Pool of a cluster needs a key, the same as its workers: a program that can write to the server could have them run anything else. Give { cluster: { url, key } }, or set MULTIPROC_KEY or MULTIPROC_KEY_FILE.',
      );
    }
    assertBullInstalled();
    this.#depth = depthOfPoolHere();
    this.#code = new OutgoingCode(readCodeOptions(this.#options));
    this.#functions = new FunctionStore(
      this.#code,
      (hash, bytes) => {
        this.#assertSmall('A function with its variables', bytes);
        this.#tell(this.#open().store(hash, bytes));
      },
      (hash) => this.#tell(this.#open().drop(hash)),
    );
  }

  get workers(): Executor['workers'] {
    const { processes } = this.#settings;
    const slots = this.#slots === 0 ? ASSUMED_SLOTS : this.#slots;
    const size = processes === undefined ? slots : Math.min(processes, slots);
    return { size, pids: [], counts: { workers: this.#slots, started: this.#slots, lost: 0 } };
  }

  get outstanding(): number {
    return this.#tasks.size;
  }

  get counts(): { outstanding: number; done: number; failed: number } {
    return { outstanding: this.#taken - this.#done, done: this.#done, failed: this.#failed };
  }

  submit(task: Task, feeder?: Feeder): ClusterTask {
    this.admission.assertOpen(feeder);
    const { options } = task;
    options.signal?.throwIfAborted();
    const fn = this.#functions.borrow(task.fn);
    let order: TaskOrder;
    try {
      const { packed, code = '' } = this.#code.collect(() => packInput(task));
      this.#assertSmall(task.how === way.CALL ? 'An argument list' : 'A chunk of items', packed);
      order = orderOf(this.#taken + 1, fn, task, packed, code);
    } catch (error) {
      this.#functions.giveBack(fn);
      throw error;
    }
    this.#taken++;
    const submitted: ClusterTask = { id: order.id, fn, task, stopListening: undefined, isSettled: false };
    this.#tasks.set(submitted.id, submitted);
    // A task of a host waits for the tasks that it submits.
    this.#takeBackSlot ??= lendSlot();
    if (options.signal !== undefined) {
      submitted.stopListening = onAbort(options.signal, () => this.end(submitted, options.signal?.reason));
    }
    const count = this.#orders.push(order);
    if (count === 1) queueMicrotask(() => this.#send());
    else if (count === MOST_TOGETHER) this.#send();
    return submitted;
  }

  end(submitted: ClusterTask, error: unknown): void {
    if (submitted.isSettled) return;
    // The end of the pool ends all tasks.
    if (!this.admission.isOver) {
      this.#send();
      this.#tell(this.#open().cancel(submitted.id));
    }
    this.#fail(submitted, error);
  }

  close(): void {
    if (this.admission.close()) this.#maybeIdle();
  }

  terminate(): void {
    if (this.admission.terminate()) this.#endAll(this.admission.ending);
  }

  async ended(): Promise<void> {
    this.admission.hurry();
    await new Promise<void>((resolve) => {
      if (this.#isIdle()) resolve();
      else this.#idle.push(resolve);
    });
    await this.#leave();
  }

  /** Ends the gateway: no task will need it any more. */
  #leave(): Promise<void> {
    this.#leaving ??= this.#end();
    return this.#leaving;
  }

  async #end(): Promise<void> {
    // A server that is out of reach learns of the end by the lease. A gateway that stands still is killed.
    await within(
      GOODBYE,
      this.#door?.end().catch(() => {}),
    );
    await this.#cluster?.shutdown();
  }

  waitSync(): void {
    this.assertSync();
  }

  assertSync(): void {
    throw new StateError(
      'A Pool of a cluster hears of its results through the event loop, which a Sync call would block: await apply() or map() instead.',
    );
  }

  /** Does nothing: the callable is a closure over the pool, which cannot be sent elsewhere. */
  wrap(): void {}

  /** Starts the gateway, with the first task. The constructor must not, because a module that is loaded for a function may make a pool. */
  #open(): ClusterTasks {
    if (this.#door !== undefined) return this.#door;
    return asOurselves(() => {
      this.#cluster = new Cluster(this.#options);
      this.#door = this.#cluster.tasks({
        letter: this.#poolLetter(),
        processes: this.#settings.processes ?? 0,
      });
      this.#door.slots().then(
        (slots) => {
          this.#slots = slots;
        },
        () => {},
      );
      return this.#door;
    });
  }

  #assertSmall(what: string, { length }: Uint8Array): void {
    if (length > this.#maxPayload) throw payloadTooLarge(what, length, this.#maxPayload);
  }

  #poolLetter(): Uint8Array {
    const letter = poolLetter(this.#settings, this.#code, { maxPayload: this.#maxPayload, depth: this.#depth });
    this.#assertSmall('The initializer of a pool with its arguments', letter);
    return letter;
  }

  /** Sends the gateway the tasks that were submitted since the last call, and listens for their outcomes. */
  #send(): void {
    if (this.#orders.length === 0) return;
    const orders = this.#orders;
    this.#orders = [];
    if (this.admission.isOver) return;
    const door = this.#open();
    for (const [hash, bytes] of this.#code.take()) this.#tell(door.ship(hash, bytes));
    if (this.#isListening) {
      this.#tell(door.submit(orders));
      return;
    }
    this.#isListening = true;
    void this.#listen(orders);
  }

  /** Receives outcomes as long as there are tasks; this keeps the program alive. */
  async #listen(orders: readonly TaskOrder[]): Promise<void> {
    try {
      let coming = this.#open().run(orders);
      for (;;) {
        const [slots, outcomes] = await coming;
        this.#slots = slots;
        for (const [id, packed, rest] of outcomes) {
          const submitted = this.#tasks.get(id);
          if (submitted === undefined) continue;
          if (packed === undefined) this.#broke(submitted, rest);
          else this.#ended(submitted, packed, rest as boolean);
        }
        if (this.#tasks.size === 0 || this.admission.isOver) break;
        coming = this.#open().next();
      }
    } catch (error) {
      // The gateway is gone, so no later task can run either.
      if (this.admission.break(error)) this.#endAll(error);
    } finally {
      this.#isListening = false;
    }
  }

  /** Does not wait for the reply of the gateway: if it is gone, `#listen` ends the tasks. */
  #tell(told: Promise<unknown>): void {
    told.catch(() => {});
  }

  #ended(submitted: ClusterTask, packed: Uint8Array, isBroken: boolean): void {
    if (submitted.isSettled) return;
    let end: Outcome;
    try {
      end = unpackValue(packed, reach.TRUSTED) as Outcome;
    } catch (error) {
      end = [outcome.ERROR, error];
    }
    if (isBroken && this.admission.break(end[1])) {
      this.#endAll(end[1]);
      return;
    }
    this.#letGo(submitted, hasFailed(end));
    submitted.task.sink.settle(end);
    this.#maybeIdle();
  }

  /** Ends a task that the gateway could not have run, or the pool. */
  #broke(submitted: ClusterTask, error: unknown): void {
    const isEnd = error instanceof ClusterError && error.code !== 'ERR_FULL' && error.code !== 'ERR_DATA_LOST';
    if (isEnd && this.admission.break(error)) this.#endAll(error);
    else this.#fail(submitted, error);
  }

  #fail(submitted: ClusterTask, error: unknown): void {
    if (submitted.isSettled) return;
    this.#letGo(submitted, true);
    submitted.task.sink.fail(error);
    this.#maybeIdle();
  }

  #letGo(submitted: ClusterTask, failed: boolean): void {
    submitted.isSettled = true;
    submitted.stopListening?.();
    this.#tasks.delete(submitted.id);
    if (this.#tasks.size === 0) {
      this.#takeBackSlot?.();
      this.#takeBackSlot = undefined;
    }
    this.#functions.giveBack(submitted.fn);
    this.#done++;
    if (failed) this.#failed++;
  }

  #endAll(error: unknown): void {
    for (const submitted of [...this.#tasks.values()]) this.#fail(submitted, error);
    this.#maybeIdle();
  }

  #isIdle(): boolean {
    return this.#tasks.size === 0 && !this.admission.isFed;
  }

  #maybeIdle(): void {
    if (!this.#isIdle()) return;
    for (const callback of this.#idle.splice(0)) callback();
    if (!this.admission.isOpen) void this.#leave();
  }
}

function orderOf(id: number, fn: Stored, task: Task, input: Uint8Array, code: string): TaskOrder {
  const { timeout, retries, retryDelay, priority } = task.options;
  return {
    id,
    hash: fn.hash,
    name: fn.name === '' ? 'a function without a name' : `${fn.name}()`,
    how: task.how,
    start: task.start,
    timeout: timeout === Number.POSITIVE_INFINITY ? NO_TIMEOUT : timeout,
    retries,
    retryDelay,
    priority,
    code,
    input,
  };
}

/** Packs the input. Throws a `SerializationError` whose path begins at the user's own value. */
function packInput(task: Task): Uint8Array {
  try {
    return packValue(task.input, 'input', reach.TRUSTED);
  } catch (error) {
    throw inUsersWords(error, 'input', task);
  }
}

function poolLetter(
  settings: PoolSettings,
  outgoing: OutgoingCode,
  bounds: Pick<PoolHeader, 'maxPayload' | 'depth'>,
): Uint8Array {
  const { name, concurrency, maxTasks, maxMemory, initializer, initargs, finalizer, start } = settings;
  const { packed, code } = outgoing.collect(
    () => packValue([initializer, initargs, finalizer], 'options', reach.TRUSTED),
    true,
  );
  const header: PoolHeader = {
    protocol: PROTOCOL,
    node: NODE,
    where: settings.where,
    name,
    concurrency,
    ...bounds,
    hasInitializer: initializer !== undefined || finalizer !== undefined,
    root: folderUrl(outgoing.root),
    isShipped: outgoing.isShipped,
    ...(code !== undefined && { code }),
    ...(start.env !== undefined && { env: start.env }),
    ...(maxTasks !== Number.POSITIVE_INFINITY && { maxTasksPerChild: maxTasks }),
    ...(maxMemory !== Number.POSITIVE_INFINITY && { maxMemoryPerChild: maxMemory }),
  };
  return writeLetter(header, packed);
}
