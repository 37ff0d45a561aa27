/** How the server is found: at the address, as the master that sentinels name, or as the node of a Redis Cluster that has the key. */
type RedisWay = 'server' | 'sentinel' | 'cluster';

/** The parts of the URL of a cluster. */
export interface RedisAddress {
  readonly way: RedisWay;
  /** The path of a unix socket, instead of `nodes`. */
  readonly path: string | undefined;
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  /** The name by which sentinels know the master. */
  readonly master: string | undefined;
  readonly database: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly isTls: boolean;
  /** The URL without its password, for messages. */
  readonly shown: string;
}

const URL_PARTS = /^redis(s?)(?:\+(sentinel|cluster))?:\/\/(?:([^/@:]*)(?::([^/@]*))?@)?([^/@]+)(?:\/(.*))?$/;
const DEFAULT_PORTS = { server: 6379, cluster: 6379, sentinel: 26379 };

/** Reads `redis://`, `rediss://`, `unix:/path`, `redis+sentinel://a,b/name` or `redis+cluster://a,b`. Throws a `TypeError` for anything else. */
export function readRedisUrl(url: string): RedisAddress {
  const shown = url.replace(/\/\/.*@/, '//');
  if (url.startsWith('unix:')) {
    const path = url.slice('unix:'.length).replace(/^\/\//, '');
    return { ...NOTHING, way: 'server', path, nodes: [], isTls: false, shown };
  }
  const parts = URL_PARTS.exec(url);
  if (parts === null) {
    throw new TypeError(
      `The URL of a cluster is redis://host, rediss://host, unix:/path, redis+sentinel://a,b/name or redis+cluster://a,b, not ${JSON.stringify(shown)}.`,
    );
  }
  const [, tls, given = 'server', username, password, hosts, rest = ''] = parts;
  const way = given as RedisWay;
  const [first = '', second = ''] = rest.split('/');
  if (way === 'sentinel' && first === '') {
    throw new TypeError(
      `The URL of sentinels ends with the name of their master, such as /mymaster: ${shown} has none.`,
    );
  }
  const database = way === 'sentinel' ? second : first;
  if (!/^\d*$/.test(database) || (way === 'cluster' && Number(database) > 0)) {
    throw new TypeError(
      `The number of a database is a whole number, and 0 in a Redis Cluster: ${shown} has another one.`,
    );
  }
  return {
    way,
    path: undefined,
    nodes: hosts!.split(',').map((each) => readNode(each, DEFAULT_PORTS[way], shown)),
    master: way === 'sentinel' ? decodeURIComponent(first) : undefined,
    database: Number(database),
    username: username ? decodeURIComponent(username) : undefined,
    password: password ? decodeURIComponent(password) : undefined,
    isTls: tls === 's',
    shown,
  };
}

const NOTHING = { master: undefined, database: 0, username: undefined, password: undefined };

function readNode(text: string, port: number, shown: string): { host: string; port: number } {
  const [, inBrackets, plain, given] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d+))?$/.exec(text) ?? [];
  const host = inBrackets ?? plain;
  if (host === undefined) throw new TypeError(`${JSON.stringify(text)} in ${shown} is no host, or host:port.`);
  return { host, port: given === undefined ? port : Number(given) };
}
