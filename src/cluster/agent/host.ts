import { AuthenticationError, ClusterError } from '../../contracts/errors.ts';
import { clearInterval, randomHex, setInterval, setTimeout } from '../../engine/builtins.ts';
import { type ServedObject, serve } from '../../managers/served-object.ts';
import { makePlace, Server } from '../../managers/server.ts';
import { within } from '../../waits/timer.ts';
import { CodeFolder } from '../code/code-folder.ts';
import { fileKey } from '../code/code-shelf.ts';
import { channelsOfGateways, Gateway } from '../gateway.ts';
import { type HostDoor, SLOT } from '../host-link.ts';
import { makeClusterObject } from '../make-cluster-object.ts';
import { Redis } from '../redis.ts';
import { RefusedValues } from '../refused-values.ts';
import { ENROL, SAY } from '../scripts/membership.ts';
import { Seal } from '../seal.ts';
import type { ClusterSettings } from '../settings.ts';
import { poolIsThere } from '../tasks/pool-is-there.ts';
import type { HostInfo } from '../tasks/read-hosts.ts';
import { hostKey, hostsKey, news, newsChannel, place, poolsKey, taskKeys } from '../tasks/task-keys.ts';
import { awaited } from './awaited.ts';
import { Burials } from './burials.ts';
import type { HostOfPools } from './host-of-pools.ts';
import { HostedPool } from './hosted-pool.ts';
import { Slots } from './slots.ts';
import { DRAINED } from './task-errors.ts';

/** The orders of a host process, received at its start. */
export interface HostOrders {
  readonly settings: ClusterSettings;
  /** The folder with the host's own files and packages. */
  readonly root: string;
  /** False if the host runs only its own files. */
  readonly takesCode: boolean;
  readonly slots: number;
  readonly name: string;
  readonly labels: readonly string[];
  /** Milliseconds that tasks have to end when the host drains. */
  readonly grace: number;
  /** The version of this library. */
  readonly version: string;
  /** The address at which the host serves its metrics, if it does. */
  readonly metrics?: { readonly host: string; readonly port: number };
}

/** Milliseconds after which a host looks again without a hint. */
const LOOK_AGAIN = 5000;
/** Milliseconds between two reports of what the host does, while that changes. */
const SAY_AGAIN = 1000;
/** Milliseconds that a host waits for the server when it leaves after its grace: a server that is away must not keep it. */
const GOODBYE = 3000;

/** Runs tasks of all pools of a cluster in workers of this machine. No code of users runs in its process. See ../README.md, "Tasks". */
export class Host implements HostOfPools {
  readonly id: string;
  readonly namespace: string;
  readonly slots: number;
  readonly labels: readonly string[];
  readonly seal: Seal;
  readonly redis: Redis;
  readonly door: HostDoor;
  readonly #server: Server;
  readonly folder = new CodeFolder();
  readonly root: string;
  readonly takesCode: boolean;
  readonly counts = { started: 0, done: 0, failed: 0, lost: 0 };
  readonly #forged = new RefusedValues((text) => this.warn(text));
  readonly #orders: HostOrders;
  readonly #pools = new Map<string, HostedPool>();
  /** Pools that this host cannot serve, and the reasons. */
  readonly #refused = new Map<string, string>();
  readonly #timers: NodeJS.Timeout[] = [];
  #gateway: Gateway | undefined;
  readonly #slots: Slots;
  #isLooking = false;
  #mustLook = false;
  #isDraining = false;
  #isSaying = false;
  readonly #burials: Burials;
  readonly #onHopeless: () => void;

  /** `onHopeless` is called when the host cannot get jobs any more and must be started anew. */
  constructor(orders: HostOrders, onHopeless: () => void) {
    const { settings, slots, name } = orders;
    this.#onHopeless = onHopeless;
    this.#orders = orders;
    this.id = `${name.replace(/[^\w.-]/g, '_')}-${randomHex(3)}`;
    this.namespace = settings.namespace;
    this.slots = slots;
    this.#slots = new Slots(slots);
    this.root = orders.root;
    this.takesCode = orders.takesCode;
    this.labels = orders.labels;
    this.seal = new Seal(settings.keys, settings.namespace);
    this.#server = this.#serve(settings);
    const { identity, near } = this.#server.ref;
    this.door = { identity, namespace: settings.namespace, ...near! };
    this.redis = new Redis(
      settings.place,
      newsChannel(this.namespace),
      (text) => this.#hear(text),
      () => {
        this.#burials.interrupt();
        this.#lookAround();
      },
    );
    const { redis, namespace } = this;
    this.#burials = new Burials({ redis, namespace, lease: settings.lease, forget: (pool) => this.#forget(pool) });
  }

  /** Serves the objects of the cluster to workers. Its connections to Redis are made when the first worker asks for an object. */
  #serve(settings: ClusterSettings): Server {
    const server = new Server(makePlace(), (find) => (type, args) => {
      if (type === SLOT) return this.#borrowSlot(args[0]);
      this.#gateway ??= new Gateway(settings);
      return makeClusterObject(this.#gateway, find, type, args);
    });
    server.open();
    return server;
  }

  /** Processes of a worker's task wait for other tasks. The slot of the task is free until each of them has released the returned object, or has ended. */
  #borrowSlot(worker: unknown): ServedObject {
    const takeBack = this.#slots.lend(worker);
    this.look();
    return serve(SLOT, {}, takeBack);
  }

  /** Resolves when the host takes tasks. Rejects with a `ClusterError` if the server cannot be used. */
  async open(): Promise<void> {
    await this.redis.opened();
    await this.#say();
    const { lease } = this.#orders.settings;
    this.#timers.push(
      setInterval(() => this.#lookAround(), Math.min(LOOK_AGAIN, lease)),
      setInterval(() => void this.#say().catch(() => {}), lease / 3),
      setInterval(() => void this.#watch(), lease / 10),
    );
    this.#lookAround();
  }

  /** Claims no more jobs, lets running tasks end within the grace, and leaves. */
  async drain(grace = this.#orders.grace): Promise<void> {
    if (this.#isDraining) return;
    this.#isDraining = true;
    // Not awaited, because the server may be away.
    void this.#say().catch(() => {});
    const pools = [...this.#pools.values()];
    const isLate = (await within(grace, Promise.all(pools.map((pool) => pool.drain())))) === undefined;
    if (isLate) await within(GOODBYE, Promise.all(pools.map((pool) => pool.end(DRAINED))));
    else await Promise.all(pools.map((pool) => pool.close()));
    await this.close();
  }

  /** Leaves at once: claimed tasks run elsewhere when their lease has ended. */
  async close(): Promise<void> {
    this.#isDraining = true;
    for (const timer of this.#timers) clearInterval(timer);
    await this.#burials.close();
    if (this.redis.isReady) {
      await this.redis.command('UNLINK', hostKey(this.namespace, this.id)).catch(() => {});
      await this.redis.command('SREM', hostsKey(this.namespace), this.id).catch(() => {});
    }
    await this.#server.end();
    await this.#gateway?.redis.close();
    await this.redis.close();
    this.folder.remove();
  }

  /** Claims jobs as long as a slot is free. May be called at any time. */
  look(): void {
    this.#mustLook = true;
    if (this.#isLooking || this.#isDraining) return;
    this.#isLooking = true;
    void this.#claim()
      .catch(() => {})
      .finally(() => {
        this.#isLooking = false;
        if (this.#mustLook) this.look();
      });
  }

  /** Tells all hosts that there is a job. */
  async hint(pool: string): Promise<void> {
    await this.redis.command('PUBLISH', newsChannel(this.namespace), news.JOB + pool);
  }

  /** Resolves to a file of a program with this lease, opened. */
  async fetch(hash: string, lease: number): Promise<Uint8Array> {
    const read = () => this.redis.command('GET', fileKey(this.namespace, hash)) as Promise<Buffer | null>;
    const sealed = await awaited(read, lease);
    if (sealed !== null) return this.seal.open(sealed, place.file(hash));
    throw new ClusterError(
      "The Redis server has lost a file of a task's program: submit the task again.",
      'ERR_DATA_LOST',
    );
  }

  /** Stops serving a pool, which needs what this host does not have. */
  refuse(id: string, why: string): void {
    const hosted = this.#pools.get(id);
    if (hosted === undefined) return;
    this.#pools.delete(id);
    this.#heedLeases();
    void hosted.close().catch(() => {});
    void this.#note(id, why).catch(() => {});
  }

  countEnd(failed: boolean): void {
    this.counts.done++;
    if (failed) this.counts.failed++;
  }

  /** Counts a message that was not sealed for its place. */
  countForged(error: Error): void {
    this.#forged.note(error);
  }

  warn(text: string): void {
    process.stderr.write(`multiproc worker ${this.id}: ${text}\n`);
  }

  /** Claims jobs. The pool that has used the slots for the shortest time comes first, so that pools share the slots. */
  async #claim(): Promise<void> {
    while (this.#mustLook) {
      this.#mustLook = false;
      while (this.#slots.isFree && !this.#isDraining) {
        const pool = leastUsed(this.#pools.values());
        if (pool === undefined) break;
        this.#slots.claim();
        const isClaimed = await pool
          .claim(() => {
            this.#slots.giveBack();
            this.#saySoon();
            this.look();
          })
          .catch(() => undefined);
        if (isClaimed === true) this.#saySoon();
        else this.#slots.giveBack();
        // The server could not be asked; the next look tries again.
        if (isClaimed === undefined) break;
      }
    }
  }

  #hear(text: string): void {
    const [pool, job, index] = text.slice(1).split(' ') as [string, string?, string?];
    const hosted = this.#pools.get(pool);
    if (text[0] === news.CANCEL) hosted?.cancel(job!, Number(index));
    else if (text[0] === news.END) void this.#burials.bury(pool).catch(() => {});
    else if (hosted === undefined) void this.#meet(pool).catch(() => {});
    else {
      hosted.hint(this.#leastUsage());
      this.look();
    }
  }

  /** Returns the least usage of the busy pools. A pool that was idle begins with it, because it does not get back the time that it missed. */
  #leastUsage(): number {
    const busy = [...this.#pools.values()].filter((pool) => pool.isBusy);
    return busy.length === 0 ? 0 : Math.min(...busy.map((pool) => pool.usage));
  }

  /** Looks for pools that are new, that have ended, or whose program is dead. */
  #lookAround(): void {
    if (!this.redis.isReady) return;
    void this.#readPools().catch(() => {});
    for (const pool of this.#pools.values()) pool.hint(this.#leastUsage());
    this.look();
  }

  async #readPools(): Promise<void> {
    const ids = ((await this.redis.command('SMEMBERS', poolsKey(this.namespace))) as Buffer[]).map(String);
    const missing = new Map<string, number | undefined>();
    for (const id of new Set([...ids, ...this.#pools.keys(), ...this.#burials.dead])) {
      if (await poolIsThere(this.redis, this.namespace, id)) await this.#meet(id);
      else missing.set(id, this.#pools.get(id)?.lease);
    }
    await this.#burials.judge(missing);
  }

  /** Checks whether BullMQ still gives jobs. */
  async #watch(): Promise<void> {
    if (!this.redis.isReady || this.#isDraining) return;
    for (const pool of this.#pools.values()) {
      const verdict = await pool.watch(this.#slots.isFree).catch(() => 'well' as const);
      if (verdict === 'well') continue;
      const what = `jobs of pool ${pool.id} wait, a slot is free, and BullMQ gives none`;
      this.warn(
        `${what}: ${verdict === 'renewed' ? 'its worker was opened anew' : 'this host ends, to be started again'}`,
      );
      if (verdict === 'hopeless') this.#onHopeless();
      this.look();
    }
  }

  /** Begins to serve a pool. */
  async #meet(id: string): Promise<void> {
    if (this.#pools.has(id) || this.#refused.has(id) || this.#isDraining) return;
    const { pool } = taskKeys(this.namespace, id);
    const [lease, sealed] = (await this.redis.command('HMGET', pool, 'lease', 'sealed')) as (Buffer | null)[];
    if (lease == null || sealed == null || this.#pools.has(id)) return;
    try {
      const pool = new HostedPool(this, id, sealed, Number(lease));
      pool.hint(this.#leastUsage());
      this.#pools.set(id, pool);
      this.#heedLeases();
    } catch (error) {
      const why = error instanceof AuthenticationError ? 'it was made with another key' : (error as Error).message;
      await this.#note(id, why);
      return;
    }
    this.look();
  }

  async #note(id: string, why: string): Promise<void> {
    this.#refused.set(id, why);
    this.warn(`refuses pool ${id}: ${why}`);
    await this.#say();
    const { pool } = taskKeys(this.namespace, id);
    const gateway = (await this.redis.command('HGET', pool, 'gateway')) as Buffer | null;
    // So the program learns at once that there may be no host for it.
    if (gateway !== null) await this.redis.command('PUBLISH', channelsOfGateways(this.namespace) + gateway, `r${pool}`);
  }

  async #forget(id: string): Promise<void> {
    const hosted = this.#pools.get(id);
    this.#pools.delete(id);
    this.#refused.delete(id);
    this.#heedLeases();
    await hosted?.end();
  }

  #heedLeases(): void {
    this.#burials.heed([...this.#pools.values()].map(({ lease }) => lease));
  }

  /** Reports soon what the host does, which has changed. */
  #saySoon(): void {
    if (this.#isSaying) return;
    this.#isSaying = true;
    setTimeout(() => {
      this.#isSaying = false;
      if (this.redis.isReady) this.#say().catch(() => {});
    }, SAY_AGAIN).unref();
  }

  /** What this host reports about itself. */
  get info(): HostInfo {
    return {
      id: this.id,
      name: this.#orders.name,
      slots: this.slots,
      running: this.#slots.taken,
      pools: [...this.#pools.values()].map((pool) => pool.info).filter(({ tasks }) => tasks.length > 0),
      tasks: { ...this.counts, refused: this.#forged.count },
      labels: this.labels,
      node: process.version,
      multiproc: this.#orders.version,
      platform: `${process.platform} ${process.arch}`,
      pid: process.pid,
      state: this.#isDraining ? 'draining' : 'up',
      refuses: [...this.#refused].map(([pool, why]) => ({ pool, why })),
    };
  }

  /** Reports that this host lives, and what it does. */
  async #say(): Promise<void> {
    this.folder.touch();
    const { pools, ...about } = this.info;
    const { redis, namespace, id } = this;
    const runs = this.seal.seal(Buffer.from(JSON.stringify(pools)), place.host(id));
    const lease = String(this.#orders.settings.lease);
    await redis.run(
      { name: 'mpSay', text: SAY },
      [hostKey(namespace, id)],
      [JSON.stringify(about), runs, lease],
      false,
    );
    await redis.run({ name: 'mpEnrol', text: ENROL }, [hostsKey(namespace)], [id, lease], false);
  }
}

/** Returns the pool with jobs that has used the slots for the shortest time. */
function leastUsed(pools: Iterable<HostedPool>): HostedPool | undefined {
  let least: HostedPool | undefined;
  for (const pool of pools) if (pool.mayClaim && (least === undefined || pool.usage < least.usage)) least = pool;
  return least;
}
