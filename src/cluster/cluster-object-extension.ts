import { type Extension, reach } from '../codec/extension.ts';
import { extensionIds } from '../codec/extension-ids.ts';
import { originOf } from '../managers/origin.ts';
import { BaseProxy } from '../managers/proxy.ts';
import { openOnHost } from './host-link.ts';

/** Sends the proxy of an object of a cluster to another program, as the kind, the type and the name or id of the object. */
export const clusterObjectExtension: Extension<BaseProxy> = {
  id: extensionIds.CLUSTER_OBJECT,
  name: 'object of a cluster',
  reach: reach.TRUSTED,
  fields: ['string', 'string', 'string', 'value'],
  matches: (value, out): value is BaseProxy =>
    value instanceof BaseProxy && out?.reach === reach.TRUSTED && originOf(value) !== undefined,
  write(proxy, out) {
    const { namespace, kind, type, args } = originOf(proxy)!;
    out.string(namespace);
    out.string(kind);
    out.string(type);
    out.value(args, '');
  },
  read(input) {
    const namespace = input.string();
    const kind = input.string();
    const type = input.string();
    const args = input.value();
    if (!kind.startsWith('cluster:') || !Array.isArray(args)) input.corrupt('it names no object of a cluster');
    return openOnHost({ namespace, kind, type, args: args as unknown[] });
  },
};
