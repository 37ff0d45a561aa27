import type { RedisAddress } from './redis-url.ts';
import { type SentinelConnector, steady } from './sentinel-connector.ts';

/** The place of a server, and the way to it. */
export interface RedisPlace {
  readonly address: RedisAddress;
  readonly tls: import('node:tls').ConnectionOptions | undefined;
  readonly connectTimeout: number;
  /** The number of replicas that must have a change before it counts. */
  readonly replicas: number;
  /** Milliseconds after which a server that is silent counts as gone. */
  readonly patience: number;
}

/** The part of ioredis that this library and BullMQ use: one server, or all nodes of a Redis Cluster. */
export interface Client {
  readonly status: string;
  /** The socket of one server. */
  readonly stream?: { cork(): void; uncork(): void };
  on(event: string, listener: (...args: never[]) => void): void;
  defineCommand(name: string, command: { numberOfKeys: number; lua: string }): void;
  subscribe(channel: string): Promise<unknown>;
  call(...args: string[]): Promise<unknown>;
  callBuffer(command: string, ...args: (string | Uint8Array)[]): Promise<unknown>;
  pipeline(commands: readonly (readonly string[])[]): { exec(): Promise<[Error | null, unknown][]> };
  /** Of a Redis Cluster only. */
  nodes?(role: 'master'): Client[];
  quit(): Promise<unknown>;
  disconnect(): void;
  [command: string]: unknown;
}
type Ioredis = {
  Redis: new (options: object) => Client;
  Cluster: new (nodes: readonly object[], options: object) => Client;
  SentinelConnector: SentinelConnector;
};

/** The least number of milliseconds without a reply after which a connection counts as dead: no command waits longer in the server. */
const SILENCE = 4000;
/** The largest number of milliseconds between two tries to connect, and between two checks whether a server has loaded its data. */
const LONGEST_PAUSE = 1000;
/** The largest pause as a part of the patience: a program that comes back late has less of its lease left. */
const PAUSE = 1 / 4;
/** Errors of a server that cannot serve now or is not the right one any more: the command has done nothing. */
const PASSING = /^(READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN) /;
/** Errors of a Redis Cluster's client if no node replies. It repeats a call only a few times; the client of one server repeats for ever. */
const NO_NODE = /^(Connection is closed|Too many Cluster redirections|None of startup nodes|Command aborted due to)/;

/** Opens a connection to one server, or to all nodes of a Redis Cluster. It is made anew by itself, and then repeats commands that had no reply. Only this file and sentinel-connector.ts know ioredis. */
export function openClient({ address, tls, connectTimeout, patience }: RedisPlace): Client {
  const { Redis, Cluster, SentinelConnector } = require('ioredis') as Ioredis;
  const { way, path, nodes, master, username, password, database, isTls } = address;
  const longest = Math.min(LONGEST_PAUSE, patience * PAUSE);
  const pauseBefore = (times: number) => Math.min(2 ** times * 10, longest);
  const common = {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...((isTls || tls) && { tls: { ...tls } }),
    connectTimeout,
    maxRetriesPerRequest: null,
    retryStrategy: pauseBefore,
    maxLoadingRetryTime: longest,
    keepAlive: 10_000,
    // 2: connect again, and repeat the command then.
    reconnectOnError: (error: Error) => (PASSING.test(error.message) ? 2 : false),
    // A network that drops all packets closes no connection: the system would notice after a quarter of an hour.
    socketTimeout: way === 'server' ? Math.max(patience, SILENCE) : patience,
  };
  switch (way) {
    case 'server':
      return new Redis({ ...common, ...(path === undefined ? nodes[0] : { path }), db: database });
    case 'sentinel':
      return new Redis({
        ...common,
        db: database,
        sentinels: nodes,
        name: master,
        Connector: steady(SentinelConnector),
        sentinelRetryStrategy: pauseBefore,
        failoverDetector: true,
        ...(isTls && { enableTLSForSentinelMode: true, sentinelTLS: { ...tls } }),
      });
    case 'cluster':
      return new Cluster(nodes, {
        clusterRetryStrategy: pauseBefore,
        // Names stay names, so that certificates fit them.
        dnsLookup: (name: string, found: (error: null, address: string) => void) => found(null, name),
        redisOptions: common,
      });
  }
}

/** True if a call may be repeated, because it has done nothing or will be recognized as a repetition. */
export function isPassing({ message }: Error): boolean {
  return PASSING.test(message) || NO_NODE.test(message);
}
