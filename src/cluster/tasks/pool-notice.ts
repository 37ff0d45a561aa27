import type { ClusterError } from '../../contracts/errors.ts';
import type { Gateway } from '../gateway.ts';
import { ENROL, KEEP, POST } from '../scripts/membership.ts';
import type { PoolOrders } from './desk-task.ts';
import { announceAfter, keptFor, outlive, outliveAfter } from './outlive.ts';
import { news, newsChannel, place, poolsKey, type TaskKeys } from './task-keys.ts';

/** What a pool gives to its notice. */
interface Notice extends PoolOrders {
  readonly id: string;
  readonly names: TaskKeys;
  /** Called each time after the notice was posted, before hosts learn of it. */
  onPosted(): Promise<void>;
}

/** Keeps the description of a pool for hosts, and the pool's functions, in the server as long as its program lives. */
export class PoolNotice {
  readonly #gateway: Gateway;
  readonly #notice: Notice;
  readonly #functions = new Map<string, Uint8Array>();
  /** Functions that the server does not have yet. */
  readonly #unstored = new Set<string>();
  /** Undefined before the first try, and after a server that was full has refused the pool. */
  #posted: Promise<void> | undefined;
  /** While the notice is put up again, since the server had lost it. */
  #again: Promise<void> | undefined;
  /** False while the server has a part of the pool only, since it was full, say. */
  #isWhole = false;
  /** True once the server had all of it. */
  #wasWhole = false;

  constructor(gateway: Gateway, notice: Notice) {
    this.#gateway = gateway;
    this.#notice = notice;
  }

  /** Keeps a function that tasks will name. */
  store(hash: string, bytes: Uint8Array): void {
    this.#functions.set(hash, bytes);
    this.#unstored.add(hash);
  }

  /** Drops a function that no task will name any more. */
  drop(hash: string): void {
    this.#functions.delete(hash);
    this.#gateway.redis.command('HDEL', this.#notice.names.functions, hash).catch(() => {});
  }

  /** Resolves when the notice and the functions are in the server. Rejects if the server is full; a later call tries again. */
  async posted(): Promise<void> {
    this.#posted ??= this.#post().catch((error) => {
      if ((error as Partial<ClusterError>).code === 'ERR_FULL') this.#posted = undefined;
      throw error;
    });
    await this.#posted;
    // The server has lost the functions, too: no job must come before them.
    await this.#again;
    await this.#upload();
  }

  /** Resolves when no attempt to post the notice is under way. */
  async settled(): Promise<void> {
    await this.#posted?.catch(() => {});
  }

  /** Says that the program lives, with the number of tasks that wait in it. Resolves to false if the server had lost the pool or a part of it, and has it again. */
  async renew(backlog: number): Promise<boolean> {
    if (this.#posted === undefined) return true;
    await this.#posted;
    const { redis, lease } = this.#gateway;
    const args = [String(lease), String(backlog)];
    const [isThere] = await redis.run({ name: 'mpKeep', text: KEEP }, [this.#notice.names.pool], args, false);
    const isWhole = isThere === 1 && this.#isWhole;
    if (isWhole) await this.#enrol();
    else {
      this.#again = this.#post().finally(() => {
        this.#again = undefined;
      });
      await this.#again;
    }
    return isWhole;
  }

  /** Makes the keys of the pool and of these jobs expire, unless this is called again. */
  async outlive(jobs: Iterable<string>): Promise<void> {
    const { redis, lease } = this.#gateway;
    await outlive(redis, this.#notice.names, lease, jobs);
  }

  /** Announces jobs to the hosts, behind the commands of this turn. Keys that these commands create expire unless `outlive` is called. */
  announce(jobs: readonly string[]): void {
    const { redis, lease, namespace } = this.#gateway;
    const { id, names } = this.#notice;
    announceAfter(redis, names, lease, jobs, [newsChannel(namespace), news.JOB + id]);
  }

  async #post(): Promise<void> {
    const isNew = !this.#wasWhole;
    this.#isWhole = false;
    const { redis, lease, seal, id: gateway } = this.#gateway;
    const { id, names, letter, processes } = this.#notice;
    await redis.opened();
    const sealed = seal.seal(letter, place.pool(id));
    const fields = ['print', seal.print, 'processes', String(processes), 'sealed', sealed, 'gateway', gateway];
    // From here on a host cleans up, should this process die. A server that is full had room for it before: what runs must not end.
    await redis.run({ name: 'mpPost', text: POST }, [names.pool], [String(lease), ...fields], isNew);
    await this.#enrol();
    for (const hash of this.#functions.keys()) this.#unstored.add(hash);
    await this.#upload();
    await this.#notice.onPosted();
    this.#isWhole = true;
    this.#wasWhole = true;
    this.announce([]);
  }

  async #enrol(): Promise<void> {
    const { redis, namespace, lease } = this.#gateway;
    // The entry stays longer than the pool itself, so that hosts find the pool when its program is dead.
    const args = [this.#notice.id, String(keptFor(lease))];
    await redis.run({ name: 'mpEnrol', text: ENROL }, [poolsKey(namespace)], args, false);
  }

  async #upload(): Promise<void> {
    const { seal, redis, lease } = this.#gateway;
    const { id, names } = this.#notice;
    for (const hash of [...this.#unstored]) {
      const bytes = this.#functions.get(hash);
      if (bytes !== undefined) {
        outliveAfter(redis, names, lease);
        await redis.command('HSET', names.functions, hash, seal.seal(bytes, place.fn(id, hash)));
      }
      this.#unstored.delete(hash);
    }
  }
}
