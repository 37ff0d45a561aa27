import { ClusterError, ProcessError } from '../contracts/errors.ts';
import { clock, setImmediate, setTimeout } from '../engine/builtins.ts';
import { pause, within } from '../waits/timer.ts';
import { type Client, isPassing, openClient, type RedisPlace } from './redis-client.ts';
import { isEndOfList } from './sentinel-connector.ts';

/** A script of a type of objects. */
export interface Script {
  readonly name: string;
  readonly text: string;
}

/** What a script returns: texts as bytes, and numbers. */
export type Reply = readonly (Buffer | number | null)[];

/** Milliseconds that a goodbye may take. */
const QUIT_TIME = 500;
/** The flag of a script that may run while the server is full. A step that stores something must not have it. */
const ALLOWS_FULL = ' flags=allow-oom';

/** Milliseconds until a call is repeated that no server could serve, and until a server that is no master is asked again. */
const AGAIN = 100;
/** Milliseconds of one wait for replicas: the server does nothing else for this gateway meanwhile. */
const REPLICAS_TIME = 50;

/** Both connections to a server: one for commands, one for hints. */
export class Redis {
  readonly #place: RedisPlace;
  readonly #commands: Client;
  readonly #hints: Client;
  #isClosed = false;

  /** `onHint` is called with each message of `channel`, `onReady` when a connection is there again: a hint may be lost then. */
  constructor(place: RedisPlace, channel: string, onHint: (text: string) => void, onReady: () => void) {
    this.#place = place;
    this.#commands = openClient(place);
    this.#hints = openClient(place);
    for (const client of [this.#commands, this.#hints]) {
      client.on('error', (error: Error) => {
        // Says less than the error of a sentinel or of the master.
        if (this.#failure === undefined || !isEndOfList(error)) this.#failure = error;
      });
      for (const event of ['ready', '+subscriber']) client.on(event, onReady);
    }
    this.#hints.on('message', (_channel: string, text: string) => onHint(text));
    this.#opening = this.#open(channel);
    this.#opening.catch(() => {});
  }

  /** Why the server cannot be reached, as far as is known. */
  #failure: Error | undefined;
  readonly #opening: Promise<void>;

  /** Resolves when the server is there and can be used; rejects with a `ClusterError` after the connect time-out, or if it cannot be used. */
  opened(): Promise<void> {
    return this.#opening;
  }

  async #open(channel: string): Promise<void> {
    const { connectTimeout, address } = this.#place;
    const late = new Promise<never>((_, reject) => {
      setTimeout(() => {
        const why = this.#failure?.message ?? 'it does not answer';
        const text = `The Redis server at ${address.shown} was not reached within ${connectTimeout} ms: ${why}. Start one with: npx multiproc serve`;
        reject(new ClusterError(text, 'ERR_UNREACHABLE', { cause: this.#failure }));
      }, connectTimeout).unref();
    });
    await Promise.race([this.#checkAll(), late]);
    await Promise.race([this.#hints.subscribe(channel), late]);
  }

  async #checkAll(): Promise<void> {
    try {
      await this.#commands.call('PING');
    } catch (cause) {
      const { shown } = this.#place.address;
      const why = (cause as Error).message;
      throw new ClusterError(`The server at ${shown} refuses this program: ${why}`, 'ERR_UNREACHABLE', { cause });
    }
    for (const node of this.#commands.nodes?.('master') ?? [this.#commands]) await this.#check(node);
  }

  async #check(node: Client): Promise<void> {
    const { shown, way } = this.#place.address;
    const info = String(await node.call('INFO'));
    const version = /redis_version:(\d+)\.(\S+)/.exec(info);
    if (version !== null && Number(version[1]) < 7) {
      const text = `The server at ${shown} is Redis ${version[1]}.${version[2]}; Redis 7 or Valkey is needed.`;
      throw new ClusterError(text, 'ERR_PROTOCOL');
    }
    if (way !== 'cluster' && info.includes('cluster_enabled:1')) {
      const text = `The server at ${shown} is a node of a Redis Cluster: its URL begins with redis+cluster:// or rediss+cluster://.`;
      throw new ClusterError(text, 'ERR_PROTOCOL');
    }
    if (/^role:slave/m.test(info)) {
      // It may become the master.
      this.#failure = new Error(
        'it is a replica, which stores nothing: give the URL of its master, or of the sentinels',
      );
      await pause(AGAIN);
      return this.#check(node);
    }
    let policy: unknown;
    try {
      [, policy] = (await node.call('CONFIG', 'GET', 'maxmemory-policy')) as string[];
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

  /** Runs a script. `grows` is true if it stores something, so that a full server refuses it. Waits while the server is away. */
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
    return await this.repeated(() => call.call(client, ...keys, ...args));
  }

  /** True if changes count only when replicas have them. */
  get needsReplicas(): boolean {
    return this.#place.replicas > 0;
  }

  /** Resolves when the option's number of replicas have the changes of this key. Rejects with `ERR_UNREACHABLE` after the connect time-out. */
  async replicated(key: string): Promise<void> {
    const { replicas, connectTimeout } = this.#place;
    if (replicas === 0) return;
    const late = clock() + connectTimeout;
    // The first command leads to the node of the key.
    const commands = [
      ['exists', key],
      ['wait', String(replicas), String(REPLICAS_TIME)],
    ];
    for (;;) {
      const [, [error, count]] = (await this.repeated(() => this.#commands.pipeline(commands).exec())) as [
        unknown,
        [Error | null, number],
      ];
      if (error === null && count >= replicas) return;
      if (clock() < late) {
        if (error !== null) await pause(AGAIN);
        continue;
      }
      const text = `${count ?? 0} of ${replicas} replicas have it after ${connectTimeout} ms: ask for fewer, or see why they are away.`;
      throw new ClusterError(text, 'ERR_UNREACHABLE', { cause: error });
    }
  }

  /** Repeats a call that may be repeated until a server has served it. */
  async repeated<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await call();
      } catch (error) {
        if (this.#isClosed || !isPassing(error as Error)) throw refusalOf(error);
        await pause(AGAIN);
      }
    }
  }

  /**
   * Sends the commands of this turn of the event loop together, in their order, followed by what `last` sends: the server and this process wake
   * up once for all of them.
   */
  together(last: () => void): void {
    this.#last.push(last);
    if (this.#isHolding) return;
    this.#isHolding = true;
    const { stream } = this.#commands;
    stream?.cork();
    setImmediate(() => {
      this.#isHolding = false;
      for (const send of this.#last.splice(0)) send();
      stream?.uncork();
    });
  }

  readonly #last: (() => void)[] = [];
  #isHolding = false;

  /** The connection for commands, for code that makes commands of its own. */
  get client(): Client {
    return this.#commands;
  }

  /** Opens another connection, for commands that occupy it while they wait. `close` closes it too. */
  another(): Client {
    const client = openClient(this.#place);
    client.on('error', () => {});
    this.#others.push(client);
    return client;
  }

  readonly #others: Client[] = [];

  /** Sends one command; texts in its reply are buffers. Waits while the server is away. */
  async command(name: string, ...args: (string | Uint8Array)[]): Promise<unknown> {
    return await this.repeated(() => this.#commands.callBuffer(name, ...args));
  }

  /** Resolves to the members of a set of texts. */
  async members(key: string): Promise<string[]> {
    return ((await this.command('SMEMBERS', key)) as Buffer[]).map(String);
  }

  /** Sends the commands that are on their way, and closes all connections. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.isReady)
      await within(
        QUIT_TIME,
        this.#commands.quit().catch(() => {}),
      );
    for (const client of [this.#commands, this.#hints, ...this.#others]) client.disconnect();
  }
}

/** Returns the error of a command for the user. The error of ioredis carries the whole command along. */
function refusalOf(error: unknown): Error {
  const { message } = error as Error;
  if (!message.includes('OOM ')) return new ProcessError(`The Redis server refused a step of the cluster: ${message}`);
  return new ClusterError(
    'The Redis server is full: nothing was stored. Give it a larger maxmemory, or take something out.',
    'ERR_FULL',
    { cause: error },
  );
}
