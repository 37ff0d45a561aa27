import type { Address } from '../connection/address.ts';
import type { Connection } from '../connection/connection.ts';
import type { ListenerOptions } from '../connection/listener.ts';
import { ClusterError } from '../contracts/errors.ts';
import { registerOwnExports } from '../functions/own-exports.ts';
import { keepAlive } from '../waits/timer.ts';
import { objectMaker } from './make-object.ts';
import type { Registration } from './registry.ts';
import { Server, type ServerPlace } from './server.ts';

/** The orders of a server process, received at its start. */
export interface ServerOrders {
  readonly place: ServerPlace;
  readonly types: ReadonlyMap<string, Registration>;
  /** The address at which it listens at once; `undefined` if it need not listen yet. */
  readonly listen: ListenerOptions | undefined;
  /** The connection to its manager. */
  readonly control: Connection<ControlMessage>;
  // biome-ignore lint/suspicious/noExplicitAny: the initializer takes what the manager was given for it.
  readonly initializer: ((...args: any[]) => unknown) | undefined;
  readonly initargs: readonly unknown[];
}

export type ControlMessage =
  /** Manager to server: listen for other programs. */
  | { readonly listen: ListenerOptions }
  /** Manager to server: end. */
  | 'shutdown'
  /** Server to manager: it listens, at this address. */
  | { readonly address: Address }
  /** Server to manager: it could not begin. */
  | { readonly failure: unknown };

/** The main function of a server process. */
export async function runServer(orders: ServerOrders): Promise<void> {
  await serveOrders(orders, (place, onIdle) => new Server(place, objectMaker(orders.types), onIdle));
}

/** Serves until the manager ends this process, or until the manager is gone and no client is left. Awaits `beforeExit` after the server has closed. */
export async function serveOrders(
  { place, listen, control, initializer, initargs }: ServerOrders,
  make: (place: ServerPlace, onIdle: () => void) => Server,
  beforeExit: () => Promise<void> = async () => {},
): Promise<void> {
  // Ctrl-C reaches the whole process group, and clients may have something to finish: the manager ends this process.
  process.on('SIGINT', () => {});
  let isOrphan = false;
  const end = async () => {
    await server.end();
    await beforeExit();
    process.exit(0);
  };
  const server: Server = make(place, () => {
    if (isOrphan && server.isIdle) void end();
  });
  try {
    await initializer?.(...initargs);
    if (listen !== undefined) await control.send({ address: server.listen(listen).address });
  } catch (failure) {
    await control.send({ failure });
    // If the server was to listen, start() throws the error. If the cluster failed, every call rejects with the error.
    if (listen !== undefined || failure instanceof ClusterError) process.exit(1);
    throw failure;
  }
  server.open();
  for (;;) {
    let message: ControlMessage;
    try {
      message = await control.recv();
    } catch {
      // The manager was collected: programs that have proxies go on.
      isOrphan = true;
      if (server.isIdle) await end();
      keepAlive();
      return;
    }
    if (message === 'shutdown') break;
    if ('listen' in message) {
      try {
        await control.send({ address: server.listen(message.listen).address });
      } catch (failure) {
        await control.send({ failure });
      }
    }
  }
  await end();
}

registerOwnExports({ runServer }, 'multiproc/internal/managers');
