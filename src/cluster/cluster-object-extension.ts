import { type Extension, reach } from '../codec/extension.ts';
import { extensionIds } from '../codec/extension-ids.ts';
import { originOf } from '../managers/origin.ts';
import { BaseProxy } from '../managers/proxy.ts';
import { openOnHost } from './host-link.ts';

/** Proxies of objects of a cluster, where they leave their program: they say which object it is. */
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
