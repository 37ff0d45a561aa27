import { locate } from '../memory/shared-object.ts';
import { Lease } from './lease.ts';
import type { Link } from './link.ts';
import type { BaseProxy } from './proxy.ts';
import { makeProxy } from './proxy-kinds.ts';
import { Reference } from './reference.ts';

/** Makes an object in the server of a link and returns its proxy at once; `kind` names the class of the proxy. */
export function makeAt(
  link: Link,
  type: string,
  kind: string,
  args: readonly unknown[],
  companion?: BaseProxy,
): BaseProxy {
  const { near } = link.ref;
  const lease = near && new Lease(near.returns);
  const id = lease === undefined ? link.newId() : locate(lease).offset;
  try {
    link.create(id, type, args, lease);
  } catch (error) {
    lease?.close();
    throw error;
  }
  return makeProxy(new Reference(link, id, kind, { lease }), companion);
}
