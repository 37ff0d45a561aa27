import { AuthenticationError, WorkerLostError } from '../../contracts/errors.ts';
import { outcome } from '../../contracts/executor.ts';
import type { Pool } from '../../pool/pool.ts';
import { type HostedCode, UnservableError } from '../code/hosted-code.ts';
import type { Reply } from '../redis.ts';
import type { Blobs } from '../tasks/blobs.ts';
import { concat } from '../tasks/joined-bytes.ts';
import { ending, NO_TIMEOUT, type PoolHeader } from '../tasks/letter.ts';
import { type Claim, type Start, type StartState, tasksAhead, togetherOf } from './claim.ts';
import { GroupLog, MOST_IN_GROUP, type Ran } from './group-log.ts';
import { GroupRun, type Member } from './group-run.ts';
import type { HostOfPools } from './host-of-pools.ts';
import type { HostedFunctions } from './hosted-functions.ts';
import type { HostedTask, HostedTasks, ReadTask } from './hosted-tasks.ts';
import type { KeptClaims, Running } from './kept-claims.ts';
import { LocalRun } from './local-run.ts';
import type { Results } from './results.ts';
import { packOutcome } from './run-sealed.ts';
import { CANCELLED, DRAINED, inWordsOf, isOfTask, LOST, lostWith } from './task-errors.ts';

/** What a pool gives to the runs of its jobs. */
export interface JobsOfPool {
  readonly id: string;
  readonly host: HostOfPools;
  readonly header: PoolHeader;
  readonly functions: HostedFunctions;
  readonly code: HostedCode;
  readonly blobs: Blobs;
  readonly kept: KeptClaims;
  /** Logs that no group uses. */
  readonly logs: GroupLog[];
  /** True if no more tasks may begin here. */
  readonly isOver: boolean;
  workers(): Pool;
  /** Asks for the start of some tasks. */
  take(job: string, token: string, from: number, count: number): Promise<Reply>;
  /** Gives starts back: they do not count. */
  giveBack(job: string, token: string, indices: readonly number[]): Promise<unknown>;
  /** Settles a task that has no start left. */
  spend(job: string, index: number, host: string): Promise<void>;
  /** No task can run in these workers: the next task gets new ones. */
  broke(): void;
  /** Lets no more tasks begin here. */
  stop(): void;
}

/** Runs the tasks of one job that this host has claimed. See ../README.md, "Tasks". */
export class JobRun {
  readonly #pool: JobsOfPool;
  readonly #claim: Claim;
  readonly #tasks: HostedTasks;
  readonly #results: Results;
  /** The number of tasks whose starts are noted ahead, and the number of starts that one step notes. */
  readonly #ahead: number;
  readonly together: number;
  readonly #mayGroup: boolean;
  #isWhole = true;
  #isTaking = false;
  /** The number of tasks or groups that run, and that may run. */
  #running = 0;
  #most: number;
  #done!: { readonly resolve: () => void; readonly reject: (error: unknown) => void };

  constructor(pool: JobsOfPool, claim: Claim, tasks: HostedTasks, results: Results) {
    this.#pool = pool;
    this.#claim = claim;
    this.#tasks = tasks;
    this.#results = results;
    this.#ahead = tasksAhead(tasks.ms);
    this.together = togetherOf(claim.count, this.#ahead);
    const { concurrency, maxTasksPerChild, maxMemoryPerChild } = pool.header;
    // A group counts as one task of its worker, which these limits must not do.
    this.#mayGroup = concurrency === 1 && maxTasksPerChild === undefined && maxMemoryPerChild === undefined;
    this.#most = claim.count === 1 || tasks.isInTurn ? 1 : Math.min(claim.count, this.#ahead + 1);
    if (this.#ahead > 1) results.holdBack();
  }

  /** Runs all tasks; `first` is the server's reply about the first ones. Resolves to false if tasks are left for another host. */
  async all(first: Reply): Promise<boolean> {
    const { job, token } = this.#claim;
    this.#claim.note(first);
    await new Promise<void>((resolve, reject) => {
      this.#done = { resolve, reject };
      this.#runOn();
    });
    // These starts were noted, and the tasks do not run here: the starts do not count.
    if (this.#pool.isOver && !this.#claim.isLost) {
      const noted = this.#claim.ready.filter(([, state]) => typeof state !== 'string').map(([index]) => index);
      if (noted.length > 0) await this.#pool.giveBack(job, token, noted);
    }
    return this.#isWhole;
  }

  /** Begins the tasks that may begin now. */
  #runOn(): void {
    const claim = this.#claim;
    // Asked ahead of the run, so that no task waits for the reply.
    if (!this.#isOver()) this.#takeMore();
    while (!this.#isOver() && claim.ready.length > 0 && this.#running < this.#most) {
      this.#running++;
      this.#runNext(claim.ready.shift()!).then(this.#onEnd, this.#done.reject);
      this.#takeMore();
    }
    if (this.#running > 0 || this.#isTaking) return;
    if (claim.ready.length > 0 || claim.marked < claim.count) this.#isWhole = false;
    this.#done.resolve();
  }

  readonly #onEnd = (): void => {
    this.#running--;
    this.#runOn();
  };

  #isOver(): boolean {
    return this.#pool.isOver || this.#claim.isLost;
  }

  #takeMore(): void {
    const claim = this.#claim;
    const { together } = this;
    // The tasks that are noted and have not ended: those that run and those ahead.
    const isEnough = claim.marked - claim.ended + together > this.#ahead + 1;
    if (claim.marked === claim.count || this.#isTaking || isEnough) return;
    this.#isTaking = true;
    this.#pool.take(claim.job, claim.token, claim.marked, together).then((reply) => {
      this.#isTaking = false;
      if (String(reply[0]) === 'RUN') claim.note(reply);
      else claim.marked = claim.count;
      this.#runOn();
    }, this.#done.reject);
  }

  /** Runs a task, or a group that begins with it. */
  async #runNext(next: readonly [index: number, state: StartState]): Promise<void> {
    const [index, state] = next;
    const claim = this.#claim;
    const task = this.#tasks.at(index);
    if (typeof state === 'string') {
      if (state[0] === 'l') await this.#pool.spend(claim.job, index, state.slice(1));
      claim.ended++;
      return;
    }
    const group = this.#mayGroup ? this.#groupOf(index, state, task) : [];
    if (group.length > 1) await this.#runGroup(group);
    else await this.#runOne(index, state, task);
  }

  /** Takes out the tasks that may run together with this one, and returns the group. */
  #groupOf(index: number, start: Start, task: HostedTask): Member[] {
    if ('error' in task || !mayJoin(task)) return [];
    const group: Member[] = [{ index, start, task }];
    const { ready } = this.#claim;
    while (group.length < MOST_IN_GROUP && ready[0] !== undefined) {
      const [index, start] = ready[0];
      const other = this.#tasks.at(index);
      if (typeof start === 'string' || 'error' in other || !mayJoin(other)) break;
      if (other.hash !== task.hash || other.code !== task.code) break;
      group.push({ index, start, task: other });
      ready.shift();
    }
    return group;
  }

  async #runGroup(members: readonly Member[]): Promise<void> {
    const { id, host, kept, logs } = this.#pool;
    const claim = this.#claim;
    const ends: Promise<void>[] = [];
    const log = logs.pop() ?? new GroupLog();
    const running = new Map<number, Running>();
    const forget = (index: number) => kept.running.delete(running.get(index)!);
    const run = new GroupRun(
      members,
      {
        onEnd: ({ index, start, task }, ran, error) => {
          forget(index);
          claim.ended++;
          if (ran !== undefined) ends.push(this.#succeed(index, start, ran));
          else ends.push(this.#fail(index, start, error, task.name));
        },
        onRest: (rest) => {
          host.counts.started -= rest.length;
          for (const { index } of rest) forget(index);
          claim.ready.unshift(...rest.map(({ index, start }) => [index, start] as const));
          // The task in hand takes long or is being ended, and keeps its worker.
          if (this.#most > 1) this.#most++;
          this.#runOn();
        },
      },
      log,
    );
    host.counts.started += members.length;
    for (const member of members) {
      const { index, task } = member;
      const one: Running = { claim, index, name: task.name, stop: (reason) => run.stop(member, reason) };
      running.set(index, one);
      kept.running.add(one);
    }
    try {
      const fn = await this.#prepare(members[0]!.task);
      const bytes = concat(members.map(({ task }) => task.input));
      await run.run(this.#pool.workers(), fn, bytes, [id, host.id]);
    } catch (error) {
      run.fail(error);
    }
    if (run.isReported) {
      log.clear();
      logs.push(log);
    } else log.shared.close();
    await Promise.all(ends);
  }

  /** Resolves to the function of a task when its files are here. */
  async #prepare({ hash, code }: ReadTask) {
    const { header, functions, code: files } = this.#pool;
    if (header.code !== undefined) await files.bring(header.code);
    if (code !== '') await files.bring(code);
    return await functions.get(hash);
  }

  async #runOne(index: number, start: Start, task: HostedTask): Promise<void> {
    const { id, host, blobs, kept } = this.#pool;
    const claim = this.#claim;
    host.counts.started++;
    const name = 'error' in task ? 'a task' : task.name;
    const running = new LocalRun(claim, index, name);
    kept.running.add(running);
    try {
      if ('error' in task) throw task.error;
      const fn = await this.#prepare(task);
      // A copy, because sending a view would send all of its memory.
      const input = task.blob === '' ? task.input.slice() : await blobs.read(task.blob, task.size);
      const about = [`${id}-${task.id}`, task.tried + start.attempt, task.submission, host.id, start.count] as const;
      const ran = await running.run(this.#pool.workers(), fn, task, input, about);
      await this.#succeed(index, start, ran);
    } catch (error) {
      await this.#fail(index, start, error, name);
    } finally {
      kept.running.delete(running);
      claim.ended++;
    }
  }

  /** Sends the result of a task that a worker has run. */
  async #succeed(index: number, { attempt }: Start, [failed, bytes, ms]: Ran): Promise<void> {
    const isAgain = failed && attempt < this.#claim.limit;
    if (!isAgain) this.#pool.host.countEnd(failed);
    await this.#results.add(index, isAgain ? ending.AGAIN : ending.END, ms, bytes, attempt);
  }

  /** Reports the error of a task that could not run to its end, or leaves the task to another host. */
  async #fail(index: number, { attempt }: Start, error: unknown, name: string): Promise<void> {
    const { host } = this.#pool;
    const { job, token, limit } = this.#claim;
    if (error === CANCELLED || error === LOST) return;
    const isUnservable = error instanceof UnservableError;
    if (isUnservable || (error === DRAINED && limit > 1)) {
      this.#isWhole = false;
      if (isUnservable) this.#pool.stop();
      await this.#pool.giveBack(job, token, [index]);
      if (isUnservable) host.refuse(this.#pool.id, error.message);
      return;
    }
    const end = error === DRAINED ? lostWith(host.id, 'it was told to stop, and its grace was over') : error;
    if (end instanceof AuthenticationError) host.countForged(end);
    const isBroken = !isOfTask(end);
    if (isBroken) this.#pool.broke();
    const isAgain = end instanceof WorkerLostError && error !== DRAINED && attempt < limit;
    if (!isAgain) host.countEnd(true);
    const packed = packOutcome([outcome.ERROR, inWordsOf(end, name, host.id)]);
    const how = isBroken ? ending.BROKEN : isAgain ? ending.AGAIN : ending.END;
    await this.#results.add(index, how, 0, packed, attempt);
  }
}

/** False for a task that must run alone: its start must be reported, or its input is a blob. */
function mayJoin({ timeout, blob }: ReadTask): boolean {
  return timeout === NO_TIMEOUT && blob === '';
}
