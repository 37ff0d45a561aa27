import { ClusterError, ProcessError } from '../contracts/errors.ts';
import { setTimeout } from '../engine/builtins.ts';

/** A script of a type of objects. */
export interface Script {
  readonly name: string;
  readonly text: string;
}

/** What a script answers: texts as bytes, and numbers. */
export type Reply = readonly (Buffer | number | null)[];

/** Where a server is, and how it is reached. */
export interface RedisPlace {
  /** A URL, `redis:` or `rediss:`, or the path of a unix socket. */
  readonly url: string;
  readonly tls: import('node:tls').ConnectionOptions | undefined;
  readonly connectTimeout: number;
}

/** What of ioredis is used here and by BullMQ. */
export interface Client {
  readonly status: string;
  on(event: string, listener: (...args: never[]) => void): void;
  defineCommand(name: string, command: { numberOfKeys: number; lua: string }): void;
  subscribe(channel: string): Promise<unknown>;
  call(...args: string[]): Promise<unknown>;
  callBuffer(command: string, ...args: (string | Uint8Array)[]): Promise<unknown>;
  duplicate(): Client;
  quit(): Promise<unknown>;
  disconnect(): void;
  [command: string]: unknown;
}
type Ioredis = { Redis: new (options: object) => Client };

/** Milliseconds that a goodbye may take. */
const QUIT_TIME = 500;
/** What a script begins with that may run while the server is full; one that stores something must not have it. */
const ALLOWS_FULL = ' flags=allow-oom';

/** Both connections to a server: one for commands, one for hints. This file alone knows ioredis, which repeats by itself what has no answer. */
export class Redis {
  readonly #commands: Client;
  readonly #hints: Client;

  /** `onHint` hears what comes through `channel`, `onReady` that a connection is there again, and a hint may be lost. */
  constructor(place: RedisPlace, channel: string, onHint: (text: string) => void, onReady: () => void) {
    const { Redis: Made } = require('ioredis') as Ioredis;
    const where = place.url.includes('://') ? locationOf(new URL(place.url)) : { path: place.url };
    const options = {
      ...where,
      ...(place.tls && { tls: place.tls }),
      connectTimeout: place.connectTimeout,
      maxRetriesPerRequest: null,
      retryStrategy: (times: number) => Math.min(2 ** times * 10, 1000),
      keepAlive: 10_000,
    };
    this.#commands = new Made(options);
    this.#hints = new Made(options);
    for (const client of [this.#commands, this.#hints]) {
      client.on('error', (error: Error) => {
        this.#failure = error;
      });
      client.on('ready', onReady);
    }
    this.#hints.on('message', (_channel: string, text: string) => onHint(text));
    this.#opening = this.#open(place, channel);
    this.#opening.catch(() => {});
  }

  #failure: Error | undefined;
  readonly #opening: Promise<void>;

  /** Resolves when the server is there and can be used; rejects with a `ClusterError`. */
  opened(): Promise<void> {
    return this.#opening;
  }

  async #open({ url, connectTimeout }: RedisPlace, channel: string): Promise<void> {
    const shown = url.replace(/\/\/.*@/, '//');
    const late = new Promise<never>((_, reject) => {
      setTimeout(() => {
        const why = this.#failure?.message ?? 'it does not answer';
        const text = `The Redis server at ${shown} was not reached within ${connectTimeout} ms: ${why}. Start one with: npx multiproc serve`;
        reject(new ClusterError(text, 'ERR_UNREACHABLE', { cause: this.#failure }));
      }, connectTimeout).unref();
    });
    await Promise.race([this.#check(shown), late]);
    await Promise.race([this.#hints.subscribe(channel), late]);
  }

  async #check(shown: string): Promise<void> {
    const info = String(await this.#commands.call('INFO', 'server'));
    const version = /redis_version:(\d+)\.(\S+)/.exec(info);
    if (version !== null && Number(version[1]) < 7) {
      const text = `The server at ${shown} is Redis ${version[1]}.${version[2]}; Redis 7 or Valkey is needed.`;
      throw new ClusterError(text, 'ERR_PROTOCOL');
    }
    let policy: unknown;
    try {
      [, policy] = (await this.#commands.call('CONFIG', 'GET', 'maxmemory-policy')) as string[];
    } catch {
      process.emitWarning(
        `The server at ${shown} does not tell its maxmemory-policy: it must be noeviction, else it drops objects in use.`,
      );
      return;
    }
    if (policy === undefined || policy === 'noeviction') return;
    const text = `The server at ${shown} drops keys when it is full, also those in use: set its maxmemory-policy to noeviction, not ${policy}.`;
    throw new ClusterError(text, 'ERR_EVICTS');
  }

  /** True while the server is there. */
  get isReady(): boolean {
    return this.#commands.status === 'ready';
  }

  /** Runs a script. `grows` says that it stores something, so a server that is full refuses it. Waits while the server is away. */
  async run(
    { name, text }: Script,
    keys: readonly string[],
    args: readonly (string | Uint8Array)[],
    grows: boolean,
  ): Promise<Reply> {
    const command = grows ? `${name}Grow` : name;
    const client = this.#commands;
    if (client[`${command}Buffer`] === undefined) {
      client.defineCommand(command, { numberOfKeys: keys.length, lua: grows ? text.replace(ALLOWS_FULL, '') : text });
    }
    const call = client[`${command}Buffer`] as (...args: unknown[]) => Promise<Reply>;
    try {
      return await call.call(client, ...keys, ...args);
    } catch (error) {
      throw refusalOf(error);
    }
  }

  /** The connection for commands, for what makes its own. */
  get client(): Client {
    return this.#commands;
  }

  /** Another connection, for commands that occupy it while they wait. It is closed with the others. */
  another(): Client {
    const client = this.#commands.duplicate();
    client.on('error', () => {});
    this.#others.push(client);
    return client;
  }

  readonly #others: Client[] = [];

  /** Sends one command; texts in its reply are bytes. Waits while the server is away. */
  async command(name: string, ...args: (string | Uint8Array)[]): Promise<unknown> {
    try {
      return await this.#commands.callBuffer(name, ...args);
    } catch (error) {
      throw refusalOf(error);
    }
  }

  /** Sends what is on its way, and ends both connections. */
  async close(): Promise<void> {
    const late = new Promise<void>((resolve) => void setTimeout(resolve, QUIT_TIME));
    if (this.isReady) await Promise.race([this.#commands.quit().catch(() => {}), late]);
    for (const client of [this.#commands, this.#hints, ...this.#others]) client.disconnect();
  }
}

/** The error of a command, not as it is: that carries the whole command along. */
export function refusalOf(error: unknown): Error {
  const { message } = error as Error;
  if (!message.includes('OOM ')) return new ProcessError(`The Redis server refused a step of the cluster: ${message}`);
  return new ClusterError(
    'The Redis server is full: nothing was stored. Give it a larger maxmemory, or take something out.',
    'ERR_FULL',
    { cause: error },
  );
}

function locationOf(url: URL): object {
  const { hostname, port, username, password, pathname, protocol } = url;
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? 6379 : Number(port),
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
    db: Number(pathname.slice(1) || 0),
    ...(protocol === 'rediss:' && { tls: {} }),
  };
}
