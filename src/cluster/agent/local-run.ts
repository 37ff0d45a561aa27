import type { Shared } from '../../channel/shared-copy.ts';
import { type Executor, type Outcome, outcome, type Sink, type Way, way } from '../../contracts/executor.ts';
import { NONE, readOptions } from '../../contracts/task-options.ts';
import type { AboutTask } from '../../pool/current-task.ts';
import { executorOf, type Pool } from '../../pool/pool.ts';
import { NO_TIMEOUT } from '../tasks/letter.ts';
import type { Claim } from './claim.ts';
import type { ReadTask } from './hosted-tasks.ts';
import { runSealed } from './run-sealed.ts';

/** The options of a task without a time-out: retries are up to the program's gateway. */
const UNTIMED = readOptions(NONE);

type Ran = Awaited<ReturnType<typeof runSealed>>;

/** One task of a claimed job, in a worker of this machine. Goes to the pool's executor directly, without a promise and a signal of its own. */
export class LocalRun implements Sink {
  readonly claim: Claim;
  /** Its place in the job. */
  readonly index: number;
  /** The name of its function. */
  readonly name: string;
  #executor: Executor | undefined;
  #submitted: unknown;
  /** The reason why it was stopped. */
  #reason: unknown;
  #resolve: (ran: Ran) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(claim: Claim, index: number, name: string) {
    this.claim = claim;
    this.index = index;
    this.name = name;
  }

  /** Runs the task with its packed arguments, once. Resolves to what `runSealed` returned, rejects with the error of the task or with the reason of `stop`. */
  run(pool: Pool, fn: Shared<Uint8Array>, task: ReadTask, packed: Uint8Array, about: AboutTask): Promise<Ran> {
    const { hash, how, start, timeout } = task;
    const input = [fn, hash, how as Way, start, packed, about];
    const options = timeout === NO_TIMEOUT ? UNTIMED : { ...UNTIMED, timeout };
    return new Promise((resolve, reject) => {
      if (this.#reason !== undefined) throw this.#reason;
      this.#resolve = resolve;
      this.#reject = reject;
      const executor = executorOf(pool);
      this.#submitted = executor.submit({ fn: runSealed, how: way.CALL, input, start: 0, options, sink: this });
      this.#executor = executor;
    });
  }

  /** Ends the task: a waiting task never starts, the worker of a running task is ended. */
  stop(reason: unknown): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#executor?.end(this.#submitted, reason);
  }

  settle(end: Outcome): void {
    if (end[0] === outcome.RESULT) this.#resolve(end[1] as Ran);
    else this.fail(end[1]);
  }

  fail(error: unknown): void {
    this.#reject(error);
  }
}
