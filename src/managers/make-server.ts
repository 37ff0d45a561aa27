import { finder } from './find-object.ts';
import { objectMaker } from './make-object.ts';
import type { Registration } from './registry.ts';
import { Server, type ServerPlace } from './server.ts';

/** Makes a server for these types and the built-in ones. */
export function makeServer(place: ServerPlace, types: ReadonlyMap<string, Registration>, onIdle?: () => void): Server {
  const find = finder(place.identity, (id) => server.table.find(id));
  const server: Server = new Server(place, objectMaker(types, find), onIdle);
  return server;
}
