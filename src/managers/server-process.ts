import { setInterval } from '../builtins.ts';
import type { Address } from '../connection/address.ts';
import type { Connection } from '../connection/connection.ts';
import type { ListenerOptions } from '../connection/listener.ts';
import { registerOwnExports } from '../functions/own-exports.ts';
import { makeServer } from './make-server.ts';
import type { Registration } from './registry.ts';
import type { ServerPlace } from './server.ts';

/** What a server process is told when it starts. */
export interface ServerOrders {
  readonly place: ServerPlace;
  readonly types: ReadonlyMap<string, Registration>;
  /** Where it listens at once; `undefined` if nobody has asked for that. */
  readonly listen: ListenerOptions | undefined;
  /** Between it and its manager. */
  readonly control: Connection<ControlMessage>;
  // biome-ignore lint/suspicious/noExplicitAny: the initializer takes what the manager was given for it.
  readonly initializer: ((...args: any[]) => unknown) | undefined;
  readonly initargs: readonly unknown[];
}

export type ControlMessage =
  /** Manager to server: listen for others. */
  | { readonly listen: ListenerOptions }
  /** Manager to server: end. */
  | 'shutdown'
  /** Server to manager: it listens, here. */
  | { readonly address: Address }
  /** Server to manager: it could not begin. */
  | { readonly failure: unknown };

/** What a server process runs: serves until its manager says so, or is gone and nobody else is left. */
export async function runServer({ place, types, listen, control, initializer, initargs }: ServerOrders): Promise<void> {
  // Ctrl-C reaches the whole group, and clients may have something to finish: the manager ends us.
  process.on('SIGINT', () => {});
  let isOrphan = false;
  const server = makeServer(place, types, () => {
    if (isOrphan && server.isIdle) process.exit(0);
  });
  try {
    await initializer?.(...initargs);
    if (listen !== undefined) await control.send({ address: server.listen(listen).address });
  } catch (failure) {
    await control.send({ failure });
    // Where it was to listen, start() throws that.
    if (listen !== undefined) process.exit(1);
    throw failure;
  }
  server.open();
  for (;;) {
    let message: ControlMessage;
    try {
      message = await control.recv();
    } catch {
      // The manager was collected: whoever has proxies goes on.
      isOrphan = true;
      if (server.isIdle) process.exit(0);
      setInterval(() => {}, 0x7fffffff);
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
  server.close();
  process.exit(0);
}

registerOwnExports({ runServer }, 'multiproc/internal/managers');
