import type { Shared } from '../../channel/shared-copy.ts';
import { WorkerLostError } from '../../contracts/errors.ts';
import { type Executor, type Outcome, outcome, type Sink, way } from '../../contracts/executor.ts';
import { NONE, readOptions } from '../../contracts/task-options.ts';
import { clearTimeout, setTimeout } from '../../engine/builtins.ts';
import { executorOf, type Pool } from '../../pool/pool.ts';
import type { Start } from './claim.ts';
import type { GroupLog, Ran } from './group-log.ts';
import type { ReadTask } from './hosted-tasks.ts';
import { type GroupNumbers, NUMBERS_OF_TASK, runGroup } from './run-sealed.ts';
import { CANCELLED } from './task-errors.ts';

const UNTIMED = readOptions(NONE);
/** Milliseconds until the host looks at what a worker has done of a group. They double while nothing comes, up to `MOST_LOOK`. */
const LOOK = 4;
const MOST_LOOK = 32;
/** After this number of the longest looks without a result, the tasks behind the one in hand may run on another worker. */
const MANY_LOOKS = 32;

/** A task of a group. */
export interface Member {
  readonly index: number;
  readonly start: Start;
  readonly task: ReadTask;
}

/** What becomes of the tasks of a group. */
interface GroupEnds {
  /** The task has ended: with an outcome, or else with this error. */
  onEnd(member: Member, ran: Ran | undefined, error: unknown): void;
  /** These tasks have not begun, and will not begin in this group. */
  onRest(members: readonly Member[]): void;
}

/** Several short tasks of a claimed job in one call to a worker of this machine, which runs them one after the other. See ../README.md, "Groups". */
export class GroupRun implements Sink {
  readonly #members: readonly Member[];
  readonly #ends: GroupEnds;
  readonly #log: GroupLog;
  /** Tasks that must not run any more, and the reasons. */
  readonly #stopped = new Map<Member, unknown>();
  /** The number of tasks that can begin here, and that have ended. */
  #most: number;
  #ended = 0;
  #executor: Executor | undefined;
  #submitted: unknown;
  #timer: NodeJS.Timeout | undefined;
  #look = LOOK;
  /** The number of looks in a row that found the same task in hand. */
  #stuck = 0;
  #resolve: () => void = () => {};
  #isOver = false;
  /** True once the worker has reported: it writes nothing more into the log. */
  isReported = false;

  constructor(members: readonly Member[], ends: GroupEnds, log: GroupLog) {
    this.#members = members;
    this.#most = members.length;
    this.#ends = ends;
    this.#log = log;
  }

  /** Runs the tasks, once. Resolves when the worker has reported, or is lost. Rejects if the pool takes no tasks: none has begun then. */
  run(
    pool: Pool,
    fn: Shared<Uint8Array>,
    bytes: Uint8Array,
    about: readonly [pool: string, host: string],
  ): Promise<void> {
    const numbers: GroupNumbers = new Float64Array(this.#members.length * NUMBERS_OF_TASK);
    for (const [i, { start, task }] of this.#members.entries()) {
      const { how, start: first, size, id, tried, submission } = task;
      numbers.set([how, first, size, id, tried + start.attempt, submission, start.count], i * NUMBERS_OF_TASK);
    }
    const { hash } = this.#members[0]!.task;
    const input = [fn, hash, this.#log.shared, numbers, bytes, about];
    return new Promise((resolve) => {
      this.#resolve = resolve;
      // One task was stopped meanwhile, and the others were given back.
      if (this.#most === 0) return resolve();
      const executor = executorOf(pool);
      // Comes before the call, which may have ended the group when it returns.
      this.#timer = setTimeout(this.#onLook, LOOK);
      this.#submitted = executor.submit({ fn: runGroup, how: way.CALL, input, start: 0, options: UNTIMED, sink: this });
      this.#executor = executor;
    });
  }

  /** Ends a task: a waiting task never starts, the worker of a running task is ended. The other tasks run elsewhere. */
  stop(member: Member, reason: unknown): void {
    if (this.#isOver) return;
    // Every other reason concerns the whole job.
    if (reason === CANCELLED) this.#stopped.set(member, reason);
    this.#close();
    this.#drain();
    const number = this.#members.indexOf(member);
    if (number >= this.#ended && number < this.#most) this.#executor?.end(this.#submitted, reason);
  }

  settle(end: Outcome): void {
    if (end[0] !== outcome.RESULT) {
      this.fail(end[1]);
      return;
    }
    this.isReported = true;
    this.#close();
    this.#drain();
    // The log had no room for the outcome of the last task.
    if (end[1] !== undefined) this.#ends.onEnd(this.#members[this.#ended++]!, end[1] as Ran, undefined);
    this.#finish();
  }

  fail(error: unknown): void {
    const isOfOne = error instanceof WorkerLostError || this.#log.begun > this.#log.ended;
    // A worker that was killed before it began a task: the first task is blamed, so that the retries come to an end.
    const isBlamed = error instanceof WorkerLostError && this.#log.begun === 0;
    if (isBlamed) this.#stopped.set(this.#members[0]!, error);
    if (isOfOne) this.#close();
    else this.#log.close();
    this.#drain();
    while (this.#ended < this.#most) this.#ends.onEnd(this.#members[this.#ended++]!, undefined, error);
    this.#finish();
  }

  #finish(): void {
    this.#isOver = true;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#resolve();
  }

  /** Lets no more tasks begin, and gives back the tasks that have not begun. */
  #close(): void {
    const begun = this.#log.close();
    if (begun >= this.#most) return;
    const rest: Member[] = [];
    for (const member of this.#members.slice(begun, this.#most)) {
      if (this.#stopped.has(member)) this.#ends.onEnd(member, undefined, this.#stopped.get(member));
      else rest.push(member);
    }
    this.#most = begun;
    if (rest.length > 0) this.#ends.onRest(rest);
  }

  /** Takes the outcomes that have come. */
  #drain(): void {
    const { ended } = this.#log;
    while (this.#ended < ended) {
      const number = this.#ended++;
      this.#ends.onEnd(this.#members[number]!, this.#log.outcome(number), undefined);
    }
  }

  /** A task that takes long keeps back neither the results of the tasks before it nor the starts of the tasks behind it. */
  readonly #onLook = (): void => {
    const before = this.#ended;
    this.#drain();
    const { begun } = this.#log;
    const isStuck = begun > this.#ended && this.#ended === before;
    if (isStuck && this.#look === MOST_LOOK && this.#mayRunElsewhere()) {
      // The worker reports after this task. It may have begun the task since the last look, and ended others before it.
      this.#close();
      this.#drain();
      return;
    }
    this.#stuck = isStuck ? this.#stuck + 1 : 0;
    this.#look = this.#ended === before ? Math.min(MOST_LOOK, 2 * this.#look) : LOOK;
    this.#timer = setTimeout(this.#onLook, this.#look);
  };

  /** True if another worker is free, or if this worker has been kept for long. Otherwise tasks keep their order. */
  #mayRunElsewhere(): boolean {
    const { outstanding, workers } = this.#executor!;
    return outstanding < workers.size || (workers.size > 1 && this.#stuck > MANY_LOOKS);
  }
}
