import type { Server } from 'node:net';

/** The handle of a server of `node:net`. Node does not document it, but its own `node:cluster` uses it; Deno has it too. */
interface Handle {
  listen(backlog: number): number;
  close(): void;
}

interface Undocumented {
  _createServerHandle?(address: string, port: number, family: number): Handle | number;
}

/** Bun listens before `listen()` returns, but reports a failure later; its own interface throws. */
interface Bun {
  listen(where: object): { stop(): void };
}

/** Where to listen: an address of IP, or the path of a unix socket or pipe. */
type ServerAddress =
  | { readonly address: string; readonly port: number; readonly family: number; readonly path?: undefined }
  | { readonly path: string };

/** Makes a server listen before this returns. `where` names the place in errors, which have Node's `code`. */
export function listenAt(server: Server, at: ServerAddress, backlog: number, where: string): void {
  const { _createServerHandle: create } = process.getBuiltinModule('node:net') as unknown as Undocumented;
  if (create === undefined) {
    listenByBun(server, at, backlog, where);
    return;
  }
  const handle = at.path === undefined ? create(at.address, at.port, at.family) : create(at.path, -1, -1);
  if (typeof handle === 'number') throw failed('bind', handle, where);
  // The server listens once more itself, and would not throw an error of that. A path is ours by now, and Windows does not listen twice at a pipe.
  const error = at.path === undefined ? handle.listen(backlog) : 0;
  if (error !== 0) {
    handle.close();
    throw failed('listen', error, where);
  }
  const inside = server as unknown as { _handle: Handle; _listen2(...args: unknown[]): void };
  inside._handle = handle;
  inside._listen2(null, -1, -1, backlog);
}

function failed(syscall: string, errno: number, where: string): NodeJS.ErrnoException {
  const [code, text] = process.getBuiltinModule('node:util').getSystemErrorMap().get(errno) ?? [`errno ${errno}`, ''];
  return Object.assign(new Error(`${syscall} ${code}: ${text} ${where}`), { code, errno, syscall });
}

function listenByBun(server: Server, at: ServerAddress, backlog: number, where: string): void {
  const ignore = () => {};
  server.once('error', ignore);
  server.listen(at.path === undefined ? { host: at.address, port: at.port, backlog } : { path: at.path, backlog });
  if (server.listening) {
    server.off('error', ignore);
    return;
  }
  const { Bun } = globalThis as unknown as { Bun: Bun };
  const place = at.path === undefined ? { hostname: at.address, port: at.port } : { unix: at.path };
  Bun.listen({ ...place, socket: { data() {} } }).stop();
  throw new Error(`listen failed at ${where}, and would not fail any more`);
}
