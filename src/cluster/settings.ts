import { isIP } from 'node:net';
import type { ClusterOptions } from '../contracts/cluster-options.ts';
import { assertOptionType, assertWhole, checkOptionNames } from '../contracts/options.ts';
import { fs } from '../engine/builtins.ts';
import type { RedisPlace } from './redis.ts';

const known: Record<keyof ClusterOptions, true> = {
  url: true,
  key: true,
  namespace: true,
  tls: true,
  lease: true,
  connectTimeout: true,
};

/** The same, complete, as the gateway gets it. */
export interface ClusterSettings {
  readonly place: RedisPlace;
  readonly keys: readonly Uint8Array[];
  readonly namespace: string;
  readonly lease: number;
}

/** Reads the options and the variables of the environment. Throws what is wrong with them. */
export function readSettings(options: string | ClusterOptions | undefined = {}): ClusterSettings {
  const given: ClusterOptions = typeof options === 'string' ? { url: options } : options;
  checkOptionNames('Cluster', given, known);
  const { namespace = 'default', lease = 30_000, connectTimeout = 10_000, tls } = given;
  assertOptionType('url', given.url, 'string');
  assertOptionType('namespace', namespace, 'string');
  assertWhole('lease', lease, 100);
  assertWhole('connectTimeout', connectTimeout, 1);
  const url = given.url ?? variable('MULTIPROC_CLUSTER');
  if (url === undefined) {
    throw new TypeError(
      'A cluster needs the URL of a Redis or Valkey server, such as redis://127.0.0.1: give one, or set MULTIPROC_CLUSTER.',
    );
  }
  const keys = readKeys(given.key);
  const place = readPlace(url);
  if (keys.length === 0 && !place.isHere) {
    throw new TypeError(
      `Without a key only a server of this machine is used, and ${new URL(url).hostname} may be another: whoever can write to it could have this program decode anything. Give a key, the same in all programs.`,
    );
  }
  return { place: { url: place.url, tls, connectTimeout }, keys, namespace: encodeURIComponent(namespace), lease };
}

function variable(name: string): string | undefined {
  return process.env[name] || undefined;
}

function readPlace(url: string): { url: string; isHere: boolean } {
  if (url.startsWith('unix:')) return { url: url.slice('unix:'.length).replace(/^\/\//, ''), isHere: true };
  if (!/^rediss?:\/\//.test(url)) {
    throw new TypeError(
      `The URL of a cluster begins with redis://, rediss:// or unix:/, not as ${JSON.stringify(url.replace(/\/\/.*@/, '//'))}.`,
    );
  }
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  const isHere = host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
  return { url, isHere };
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
