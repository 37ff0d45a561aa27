// The server of one `describe`, and a stage for each namespace on it. The server starts with the first test that asks for it.
import { after } from 'node:test';
import { Cluster, type ClusterOptions } from 'multiproc/cluster';
import { key } from './program.ts';
import { RedisServer } from './redis-server.ts';
import { Stage } from './stage.ts';

export class Stages {
  readonly #lease: number | undefined;
  readonly #options: readonly string[];
  readonly #ends: (() => unknown)[] = [];
  readonly #stages = new Map<string, Stage>();
  #server: Promise<RedisServer> | undefined;

  /** Make this in a `describe`: all that it has made ends after the tests. `options` are those of the server. */
  constructor(lease?: number, ...options: string[]) {
    this.#lease = lease;
    this.#options = options;
    after(async () => {
      for (const end of this.#ends.reverse()) await end();
    });
  }

  /** Calls `end` after the tests, before what was made earlier ends. */
  onEnd(end: () => unknown): void {
    this.#ends.push(end);
  }

  server(): Promise<RedisServer> {
    this.#server ??= this.newServer(...this.#options);
    return this.#server;
  }

  /** Starts another server. */
  async newServer(...options: string[]): Promise<RedisServer> {
    const redis = new RedisServer(...options);
    this.onEnd(() => redis.remove());
    return await redis.start();
  }

  /** Makes the stage of this namespace, or returns the one that there is. */
  async of(namespace: string, lease = this.#lease): Promise<Stage> {
    const known = this.#stages.get(namespace);
    if (known !== undefined) return known;
    const { url } = await this.server();
    const made = this.#stages.get(namespace) ?? this.at(url, namespace, lease);
    this.#stages.set(namespace, made);
    return made;
  }

  /** Makes a stage over the server with this URL. */
  at(url: string, namespace = 'default', lease = this.#lease): Stage {
    const stage = new Stage(url, namespace, lease);
    this.onEnd(() => stage.end());
    return stage;
  }

  /** Makes a cluster over the server that ends after the tests. */
  async cluster(options: ClusterOptions = {}): Promise<Cluster> {
    const { url } = await this.server();
    const made = new Cluster({ url, key, lease: this.#lease, ...options });
    this.onEnd(() => made.shutdown());
    return made;
  }

  /** The keys of this namespace in the server. */
  async keys(namespace: string): Promise<string[]> {
    return (await (await this.server()).list('KEYS', `mp:${namespace}:*`)).map(String);
  }
}
