import { PlacementError } from '../../contracts/errors.ts';
import { clearTimeout, clock, setTimeout } from '../../engine/builtins.ts';
import type { Gateway } from '../gateway.ts';
import { type HeardHost, hearHosts } from './read-hosts.ts';

/** Milliseconds between two looks for hosts. */
const LOOK_FOR_SLOTS = 2000;
/** Milliseconds for which tasks wait without a host before the user is told. */
const SAY_AFTER = 5000;

/** The hosts of a cluster, as one pool sees them. */
export class PoolHosts {
  readonly #gateway: Gateway;
  readonly #pool: string;
  readonly #onRefused: (error: PlacementError) => void;
  readonly #hasTasks: () => boolean;
  #saying: NodeJS.Timeout | undefined;
  #hasSaid = false;
  #slots = 0;
  #isRefused = false;
  #read = -LOOK_FOR_SLOTS;
  /** Leases of the hosts that were heard of, by their ids. */
  readonly #leases = new Map<string, number>();

  /** `onRefused` is called if all hosts refuse the pool. */
  constructor(gateway: Gateway, pool: string, hasTasks: () => boolean, onRefused: (error: PlacementError) => void) {
    this.#gateway = gateway;
    this.#pool = pool;
    this.#hasTasks = hasTasks;
    this.#onRefused = onRefused;
    gateway.presence.begin();
  }

  /** The number of slots of all hosts at the last look. */
  get slots(): number {
    return this.#slots;
  }

  /** True if all hosts refused the pool at the last look. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** Looks again, unless the last look was a moment ago. */
  async look(mustLook = this.#isRefused): Promise<void> {
    if (!mustLook && clock() - this.#read < LOOK_FOR_SLOTS) return;
    this.#read = clock();
    const heard = await hearHosts(this.#gateway.redis, this.#gateway.namespace);
    const living = heard.filter(({ isSilent }) => !isSilent);
    this.#slots = 0;
    for (const { info } of living) if (info.state === 'up') this.#slots += info.slots;
    await this.#noteRefusals(heard, living.length);
    if (living.length === 0) this.#sayLater();
    else this.close();
  }

  /** Does not tell the user of missing hosts any more. */
  close(): void {
    clearTimeout(this.#saying);
    this.#saying = undefined;
  }

  /** Tells the user after a while that tasks wait because there is no host. A host may still come. */
  #sayLater(): void {
    if (this.#hasSaid || this.#saying !== undefined) return;
    this.#saying = setTimeout(() => {
      this.#saying = undefined;
      if (!this.#hasTasks()) return;
      this.#hasSaid = true;
      process.stderr.write(
        `multiproc: tasks wait, since the cluster has no host in the namespace ${decodeURIComponent(this.#gateway.namespace)}. Start one on any machine: npx multiproc worker URL\n`,
      );
    }, SAY_AFTER);
    this.#saying.unref();
  }

  /** Resolves to true if the server was there for so long that each host has spoken that lives, one with a long lease, too. */
  async #couldAllSpeak(): Promise<boolean> {
    const { presence, lease } = this.#gateway;
    const known = [...this.#leases.values()].filter(Number.isFinite);
    if (!(await presence.lasts(Math.max(lease, ...known)))) return false;
    // Those that are gone are dead.
    this.#leases.clear();
    return true;
  }

  /**
   * Calls `onRefused` if there are hosts and all of them refuse the pool, because its tasks would never run. Hosts that have been silent for less than two leases
   * count, because they may come back; after a break of the server, hosts may not have reported yet.
   */
  async #noteRefusals(heard: readonly HeardHost[], living: number): Promise<void> {
    const refusals = heard.map(({ info }) => ({
      host: info.id,
      why: info.refuses.find(({ pool }) => pool === this.#pool)?.why,
    }));
    for (const { info, lease } of heard) this.#leases.set(info.id, lease);
    const doAllRefuse = living > 0 && refusals.every(({ why }) => why !== undefined);
    this.#isRefused = doAllRefuse && (await this.#couldAllSpeak());
    if (!this.#isRefused) return;
    const known = refusals as { host: string; why: string }[];
    const text = known.map(({ host, why }) => `${host}: ${why}`).join('; ');
    this.#onRefused(new PlacementError(`No host of the cluster can run this pool's tasks. ${text}.`, known));
  }
}
