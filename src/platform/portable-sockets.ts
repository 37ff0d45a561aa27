import { randomHex } from '../engine/builtins.ts';
import { askedInThread } from './asked-in-thread.ts';
import { listenAt } from './net-handle.ts';
import { listenAtFile } from './socket-file.ts';
import { socketPath } from './socket-path.ts';
import type { Sockets } from './sockets.ts';
import { pipeName } from './windows-pipe.ts';

/** The shortest and the longest time in milliseconds between two looks at a socket; it grows while nothing happens. */
const FIRST_NAP = 0.05;
const LONGEST_NAP = 2;

/** Sockets that use only the handles of Node's own sockets. On Windows, named pipes replace unix sockets. */
export function createPortableSockets(): Sockets {
  const isWindows = process.platform === 'win32';
  const nothing = new Int32Array(new SharedArrayBuffer(4));
  return {
    ...(isWindows && { newPipe: () => pipeName(`multiproc-${randomHex(16)}`) }),
    listenTcp(server, host, port, backlog) {
      const { address, family } = resolved(host);
      listenAt(server, { address, port, family }, backlog, `${host}:${port}`);
    },
    listenUnix(server, path, backlog) {
      if (!isWindows) return listenAtFile(server, path, backlog);
      listenAt(server, { path: pipeName(path) }, backlog, path);
      return () => {};
    },
    reach: (path) => (isWindows ? { path: pipeName(path), release() {} } : socketPath(path)),
    peerUser: () => undefined,
    endWriting() {},
    awaitReady(_fd, _what, timeout, _bell, tries) {
      // A blocked thread gets no events of a socket, so it must look again and again.
      const nap = Math.min(FIRST_NAP * 2 ** Math.min(tries, 10), LONGEST_NAP);
      Atomics.wait(nothing, 0, 0, Math.min(nap, timeout));
      return timeout <= nap ? 'late' : 'ready';
    },
  };
}

/** Returns an IP address unchanged; in Bun any host, because Bun asks the system itself. */
function resolved(host: string): { address: string; family: number } {
  const family = process.getBuiltinModule('node:net').isIP(host);
  if (family !== 0 || process.versions.bun !== undefined) return { address: host, family };
  const { address, family: found, code, message } = askedInThread('address', host);
  if (address !== undefined && found !== undefined) return { address, family: found };
  throw Object.assign(new Error(message), { code, syscall: 'getaddrinfo', hostname: host });
}
