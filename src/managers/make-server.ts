import { objectMaker } from './make-object.ts';
import type { Registration } from './registry.ts';
import { Server, type ServerPlace } from './server.ts';

/** Makes a server for these types and the built-in ones. */
export function makeServer(place: ServerPlace, types: ReadonlyMap<string, Registration>, onIdle?: () => void): Server {
  return new Server(place, (find) => objectMaker(types, find), onIdle);
}
