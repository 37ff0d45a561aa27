import type { ObjectId } from './messages.ts';
import { type BaseProxy, referenceOf } from './proxy.ts';
import type { ServedObject } from './served-object.ts';

/** Returns the object of this server for a proxy of it. */
export type FindObject = (proxy: BaseProxy) => ServedObject | undefined;

/** Returns a function that finds objects of the server `identity`. */
export function finder(identity: string, find: (id: ObjectId) => ServedObject): FindObject {
  return (proxy) => {
    const { link, id } = referenceOf(proxy);
    return link.ref.identity === identity ? find(id) : undefined;
  };
}
