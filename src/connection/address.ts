/** The address of a listener: `'host:port'`, `{ host, port }`, or the path of a unix socket. */
export type Address =
  | string
  | {
      /** A name or an IP address. */
      readonly host: string;
      /** The port number, from 0 to 65535. For a listener, 0 means a free port. */
      readonly port: number;
    };

/** An address in the form that the system needs. */
export type Endpoint =
  | { readonly path: string; readonly host?: undefined; readonly port?: undefined }
  | { readonly host: string; readonly port: number; readonly path?: undefined };

/**
 * Reads an address. A string with a slash is a path, and so is one that does not end in a
 * colon and a number. An IPv6 host stands in brackets: `'[::1]:4000'`.
 */
export function parseAddress(address: Address): Endpoint {
  if (typeof address === 'object' && address !== null) return tcp(address.host, address.port);
  if (typeof address !== 'string' || address === '') {
    throw new TypeError(`An address is 'host:port', { host, port } or the path of a socket, not ${String(address)}.`);
  }
  if (address.includes('\0'))
    throw new TypeError('A socket without a file, whose name begins with a zero byte, is not supported.');
  const [, bracketed, host, port] = /^(?:\[([^\]]+)\]|([^:]*)):(\d+)$/.exec(address) ?? [];
  if (port === undefined || address.includes('/')) return { path: address };
  return tcp((bracketed ?? host) as string, Number(port));
}

function tcp(host: unknown, port: unknown): Endpoint {
  if (typeof host !== 'string') throw new TypeError(`The host of an address must be a string, not ${String(host)}.`);
  if (host === '')
    throw new RangeError("An address needs a host: '127.0.0.1:4000', or '0.0.0.0:4000' for all of them.");
  if (typeof port !== 'number') throw new TypeError(`The port of an address must be a number, not ${String(port)}.`);
  if (!(Number.isInteger(port) && port >= 0 && port <= 65535)) {
    throw new RangeError(`A port is a whole number from 0 to 65535, not ${port}.`);
  }
  return { host, port };
}

/** Returns the address with the port that the system chose, in the form in which it was given. */
export function withPort(address: Address, port: number): Address {
  return typeof address === 'string' ? address.replace(/\d+$/, String(port)) : { host: address.host, port };
}

/** Returns the address as text, for messages. */
export function showAddress(address: Address): string {
  return typeof address === 'object' ? `${address.host}:${address.port}` : address;
}

/** True if only programs of this machine can have this IP address. */
export function isLoopback(ip: string | undefined): boolean {
  return ip !== undefined && (ip === '::1' || /^(::ffff:)?127\./.test(ip));
}
