import { clock, randomHex, setInterval } from '../engine/builtins.ts';
import { Presence } from './presence.ts';
import { Redis } from './redis.ts';
import { Seal } from './seal.ts';
import type { ClusterSettings } from './settings.ts';

/** Milliseconds after which a wait looks again without a hint. */
const LOOK_AGAIN = 5000;
/** The part of a lease after whose last renewal another program may soon have the holds. */
const SAFE = 0.8;

/** An object of the cluster, as its gateway sees it. */
export interface Leased {
  readonly keys: readonly string[];
  /** True while the gateway must renew its lease of the object. */
  readonly isLeased: boolean;
  /** True while a client of this gateway holds something of the object. */
  readonly isHeld: boolean;
  /** When the lease was last renewed, or a hold began. */
  readonly renewed: number;
  renew(): Promise<void>;
  /** Called when another program may have the hold. */
  onLost(): void;
  /** Called when a message for the object has come, which may have more words. */
  hint(letter: string, words: readonly string[]): void;
  /** Lets all waits look again. */
  pokeAll(): void;
}

/** Returns the prefix of the channels of all gateways. */
export const channelsOfGateways = (namespace: string) => `mp:${namespace}:g:`;

/** Owns the connections of a program to the server, and keeps the leases of its objects. See README.md, "Who does what". */
export class Gateway {
  readonly id = randomHex(8);
  readonly namespace: string;
  readonly lease: number;
  /** Bytes that one call may give to an object. */
  readonly maxPayload: number;
  readonly seal: Seal;
  readonly redis: Redis;
  /** Measures for how long the server has been there, once `begin` was called. */
  readonly presence: Presence;
  /** The prefix of the channels of all gateways. */
  readonly channels: string;
  readonly #objects = new Map<string, Set<Leased>>();
  #calls = 0;

  constructor({ place, keys, namespace, lease, maxPayload }: ClusterSettings) {
    this.namespace = namespace;
    this.lease = lease;
    this.maxPayload = maxPayload;
    this.seal = new Seal(keys, namespace);
    this.channels = channelsOfGateways(namespace);
    const onHint = (text: string) => {
      const [key, ...words] = text.slice(1).split(' ');
      for (const object of this.#objects.get(key!) ?? []) object.hint(text[0]!, words);
    };
    this.redis = new Redis(place, this.channels + this.id, onHint, () => {
      this.presence.interrupt();
      this.#pokeAll();
      // Not only with the next turn: the lease may be over by then.
      this.#renew();
    });
    this.presence = new Presence(this.redis, lease, true);
    setInterval(() => this.#pokeAll(), LOOK_AGAIN).unref();
    setInterval(() => this.#renew(), lease / 3).unref();
    setInterval(() => this.#watch(), lease / 20).unref();
  }

  /** Returns a number that no call of this gateway has had. */
  nextCall(): number {
    return ++this.#calls;
  }

  add(object: Leased): void {
    const name = object.keys[0]!;
    const known = this.#objects.get(name);
    if (known === undefined) this.#objects.set(name, new Set([object]));
    else known.add(object);
  }

  remove(object: Leased): void {
    const name = object.keys[0]!;
    const known = this.#objects.get(name);
    if (known?.delete(object) && known.size === 0) this.#objects.delete(name);
  }

  *#all(): Iterable<Leased> {
    for (const same of [...this.#objects.values()]) yield* [...same];
  }

  #pokeAll(): void {
    for (const object of this.#all()) object.pokeAll();
  }

  #renew(): void {
    if (!this.redis.isReady) return;
    for (const object of this.#all()) if (object.isLeased) void object.renew();
  }

  #watch(): void {
    for (const object of this.#all()) if (object.isHeld && !this.isSafe(object)) object.onLost();
  }

  /** True while no other program can have what this gateway holds of the object. */
  isSafe({ renewed }: Leased): boolean {
    return renewed >= clock() - this.lease * SAFE;
  }
}
