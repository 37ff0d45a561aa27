import { registerOwnExports } from '../functions/own-exports.ts';
import { Server, type ServerPlace } from '../managers/server.ts';
import { type ServerOrders, serveOrders } from '../managers/server-process.ts';
import { Gateway } from './gateway.ts';
import { makeClusterObject } from './make-cluster-object.ts';
import type { ClusterSettings } from './settings.ts';

/** The orders of a gateway, received at its start. */
type GatewayOrders = ServerOrders & { readonly settings: ClusterSettings };

/** The main function of a gateway: a manager's server whose objects stand in Redis. */
export async function runGateway({ settings, ...orders }: GatewayOrders): Promise<void> {
  const gateway = new Gateway(settings);
  const make = (place: ServerPlace, onIdle: () => void) =>
    new Server(place, (find) => (type, args) => makeClusterObject(gateway, find, type, args), onIdle);
  await serveOrders({ ...orders, initializer: () => gateway.redis.opened(), initargs: [] }, make, () =>
    gateway.redis.close(),
  );
}

registerOwnExports({ runGateway }, 'multiproc/internal/cluster');
