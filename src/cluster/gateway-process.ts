import { registerOwnExports } from '../functions/own-exports.ts';
import { Server, type ServerPlace } from '../managers/server.ts';
import { type ServerOrders, serveOrders } from '../managers/server-process.ts';
import { Gateway } from './gateway.ts';
import { makeClusterObject } from './make-cluster-object.ts';
import type { ClusterSettings } from './settings.ts';

/** What a gateway is told when it starts. */
export type GatewayOrders = ServerOrders & { readonly settings: ClusterSettings };

/** What a gateway process runs: as a manager's server, with objects that stand in Redis. */
export async function runGateway({ settings, ...orders }: GatewayOrders): Promise<void> {
  const gateway = new Gateway(settings);
  const make = (place: ServerPlace, onIdle: () => void) =>
    new Server(place, (find) => (type, args) => makeClusterObject(gateway, find, type, args), onIdle);
  await serveOrders({ ...orders, initializer: () => gateway.redis.opened(), initargs: [] }, make, () =>
    gateway.redis.close(),
  );
}

registerOwnExports({ runGateway }, 'multiproc/internal/cluster');
