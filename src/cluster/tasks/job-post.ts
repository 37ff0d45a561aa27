import type { Gateway } from '../gateway.ts';
import { TASK } from '../scripts/task.ts';
import { addJob, type BullQueue, describeQueue, lifeOfQueue, storeTasks } from './bull.ts';
import type { DeskJob } from './desk-task.ts';
import type { InputBlobs } from './input-blobs.ts';
import { blobOf } from './pack-tasks.ts';
import type { PoolNotice } from './pool-notice.ts';
import { news, newsChannel, stepKeys, type TaskKeys } from './task-keys.ts';

/** What a pool gives to the sending of its jobs. */
interface PostOffice {
  readonly gateway: Gateway;
  readonly id: string;
  readonly names: TaskKeys;
  readonly queue: BullQueue;
  readonly notice: PoolNotice;
  readonly inputs: InputBlobs;
  /** Called when the pool was removed, and jobs were not stored for that. */
  onRemoved(): void;
}

/** Puts the jobs of a pool into the server, and cancels tasks there. */
export class JobPost {
  readonly #office: PostOffice;
  readonly #scriptKeys: readonly string[];
  /** The ids of the jobs that are in the server. */
  readonly #ids: () => Iterable<string>;
  #isClosed = false;
  /** The number of times that the pool had to be made in the server. */
  #life = 0;

  constructor(office: PostOffice, ids: () => Iterable<string>) {
    this.#office = office;
    this.#scriptKeys = stepKeys(office.names);
    this.#ids = ids;
  }

  /** Describes the queue, which the server may have lost. `processes` is the number of jobs that may run at once. */
  async describe(processes: number): Promise<void> {
    const { names, queue } = this.#office;
    const { redis, lease } = this.#office.gateway;
    if ((await lifeOfQueue(redis, names)) !== this.#life) this.#life++;
    await describeQueue(redis, names, queue, { lease, processes, life: this.#life });
  }

  /** Adds new jobs; each `adding` is the promise of some of them. Jobs whose inputs are blobs come later than others. */
  *addNew(jobs: readonly DeskJob[]): Iterable<readonly [jobs: readonly DeskJob[], adding: Promise<void>]> {
    const isLarge = ({ tasks }: DeskJob) => blobOf(tasks.get(0)!.order) !== '';
    const small = jobs.filter((job) => !isLarge(job));
    if (small.length > 0) yield [small, this.add(small, true)];
    for (const job of jobs.filter(isLarge)) yield [[job], this.#addLarge(job)];
  }

  /** Adds jobs; a job that is there already stays as it is. One connection brings first the tasks, then the jobs, then the hint. */
  async add(jobs: readonly DeskJob[], isNew: boolean): Promise<void> {
    const { gateway, queue, notice } = this.#office;
    const { redis } = gateway;
    const sent: Promise<unknown>[] = [];
    // A hint that is lost costs only time.
    notice.announce(jobs.map(({ id }) => id));
    if (isNew) {
      for (const job of jobs) job.isSent = true;
      sent.push(this.#store(jobs));
    }
    for (const { id, priority } of jobs) sent.push(redis.repeated(() => addJob(queue, id, priority)));
    await Promise.all(sent);
  }

  /** Cancels a task of a job: it does not start, has no result, and is ended where it runs. */
  async recall(job: DeskJob, index: number): Promise<void> {
    const { gateway, id, queue } = this.#office;
    const { redis, namespace } = gateway;
    const step = ['cancel', job.id, '', String(index)];
    await redis.run({ name: 'mpTask', text: TASK }, this.#scriptKeys, step, false);
    await redis.command('PUBLISH', newsChannel(namespace), `${news.CANCEL + id} ${job.id} ${index}`);
    if (job.tasks.size === 0) await queue.remove(job.id);
  }

  /** Extends the time of the keys of the pool. */
  async outlive(): Promise<void> {
    const { notice, inputs } = this.#office;
    if (!this.#isClosed) await Promise.all([notice.outlive(this.#ids()), inputs.keep()]);
  }

  /** Adds nothing more. */
  close(): void {
    this.#isClosed = true;
  }

  async #store(jobs: readonly DeskJob[]): Promise<void> {
    const { gateway, names, onRemoved } = this.#office;
    const tasks = jobs.flatMap(({ id, sealed }) => [id, sealed]);
    if (!(await storeTasks(gateway.redis, names, this.#life, tasks))) onRemoved();
  }

  /** Adds a job whose only task has a blob, which must be in the server first. */
  async #addLarge(job: DeskJob): Promise<void> {
    await this.#office.inputs.store(job.tasks.get(0)!);
    // The task may have been cancelled meanwhile.
    if (job.tasks.size > 0 && !this.#isClosed) await this.add([job], true);
  }
}
