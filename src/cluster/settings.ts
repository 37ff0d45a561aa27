import { isIP } from 'node:net';
import type { ClusterOptions, CodeOptions } from '../contracts/cluster-options.ts';
import { assertOptionType, assertWhole, checkOptionNames } from '../contracts/options.ts';
import { fs } from '../engine/builtins.ts';
import type { RedisPlace } from './redis-client.ts';
import { type RedisAddress, readRedisUrl } from './redis-url.ts';

const known: Record<keyof ClusterOptions, true> = {
  url: true,
  key: true,
  namespace: true,
  tls: true,
  lease: true,
  connectTimeout: true,
  replicas: true,
  maxPayload: true,
  code: true,
};
const knownOfCode: Record<keyof CodeOptions, true> = { root: true, ship: true, include: true, limit: true };

/** The shortest lease, in milliseconds. */
export const LEAST_LEASE = 100;
const MAX_PAYLOAD = 256 * 2 ** 20;

/** The checked options of a cluster, with defaults filled in. */
export interface ClusterSettings {
  readonly place: RedisPlace;
  readonly keys: readonly Uint8Array[];
  readonly namespace: string;
  readonly lease: number;
  /** Bytes of one argument list, function or result, and of what one call gives to an object. */
  readonly maxPayload: number;
}

/** Reads the options and the variables of the environment. Throws a `TypeError` or `RangeError` for an invalid one. */
export function readSettings(options: string | ClusterOptions | undefined = {}): ClusterSettings {
  const given: ClusterOptions = typeof options === 'string' ? { url: options } : options;
  checkOptionNames('Cluster', given, known);
  const { namespace = 'default', lease = 30_000, connectTimeout = 10_000, replicas = 0, tls } = given;
  const { maxPayload = MAX_PAYLOAD } = given;
  assertOptionType('url', given.url, 'string');
  assertOptionType('namespace', namespace, 'string');
  assertWhole('lease', lease, LEAST_LEASE);
  assertWhole('connectTimeout', connectTimeout, 1);
  assertWhole('replicas', replicas, 0);
  assertWhole('maxPayload', maxPayload, 1);
  const url = given.url ?? variable('MULTIPROC_CLUSTER');
  if (url === undefined) {
    throw new TypeError(
      'A cluster needs the URL of a Redis or Valkey server, such as redis://127.0.0.1: give one, or set MULTIPROC_CLUSTER.',
    );
  }
  const keys = readKeys(given.key);
  const address = readRedisUrl(url);
  const elsewhere = keys.length === 0 ? findElsewhere(address) : undefined;
  if (elsewhere !== undefined) {
    throw new TypeError(
      `Without a key only a server of this machine is used, and ${elsewhere} may be another: a program that can write to it could have this one decode anything. Give a key, the same in all programs.`,
    );
  }
  const place = { address, tls, connectTimeout, replicas, patience: lease / 2 };
  return { place, keys, namespace: encodeURIComponent(namespace), lease, maxPayload };
}

/** Reads the option `code`. Throws a `TypeError` or `RangeError` for an invalid value. */
export function readCodeOptions(options: string | ClusterOptions | undefined): CodeOptions {
  const code = typeof options === 'object' ? (options.code ?? {}) : {};
  checkOptionNames('code', code, knownOfCode);
  const { root, ship, include, limit } = code;
  assertOptionType('code.root', root, 'string');
  if (ship !== undefined && ship !== 'auto' && ship !== 'never') {
    throw new TypeError(`code.ship must be 'auto' or 'never', not ${JSON.stringify(ship)}`);
  }
  if (include !== undefined && !(Array.isArray(include) && include.every((path) => typeof path === 'string' && path))) {
    throw new TypeError('code.include must be an array of paths from code.root');
  }
  if (limit !== undefined) assertWhole('code.limit', limit, 1);
  return code;
}

/** Reads the settings of pools and workers. Throws a `TypeError` for a Redis Cluster, which can keep objects only. */
export function readTaskSettings(options: string | ClusterOptions | undefined): ClusterSettings {
  const settings = readSettings(options);
  const { way, shown } = settings.place.address;
  if (way === 'cluster') {
    throw new TypeError(
      `Pools and workers cannot use a Redis Cluster, and ${shown} is one: give them one server, or sentinels. Objects of a Cluster can use it.`,
    );
  }
  return settings;
}

function variable(name: string): string | undefined {
  return process.env[name] || undefined;
}

/** Returns a host that may be another machine; `undefined` if all are surely this one. */
function findElsewhere({ nodes }: RedisAddress): string | undefined {
  const isHere = (host: string) =>
    host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
  return nodes.find(({ host }) => !isHere(host))?.host;
}

function readKeys(given: ClusterOptions['key']): Uint8Array[] {
  const found = given ?? variable('MULTIPROC_KEY') ?? keyOfFile(variable('MULTIPROC_KEY_FILE'));
  if (found === undefined) return [];
  const keys: readonly unknown[] = Array.isArray(found) ? found : [found];
  return keys.map((key) => {
    if (typeof key !== 'string' && !(key instanceof Uint8Array)) {
      throw new TypeError(`key must be a string or a Uint8Array, not ${typeof key}`);
    }
    if (key.length < 8) throw new RangeError('A key of a cluster has 8 bytes or more.');
    return typeof key === 'string' ? new Uint8Array(Buffer.from(key)) : key.slice();
  });
}

function keyOfFile(path: string | undefined): string | undefined {
  return path && fs.readFileSync(path, 'utf8').replace(/\r?\n$/, '');
}
