/** What the door `multiproc/managers` adds. */
import './connection.ts';
import { lazy } from '../../loading/lazy.ts';
import { BaseManager } from '../../managers/base-manager.ts';
import { Manager } from '../../managers/manager.ts';
import { opaqueExtension } from '../../managers/opaque.ts';
import { customProxy } from '../../managers/proxies/custom-proxy.ts';
import { proxyKinds } from '../../managers/proxies/kinds.ts';
import { proxyExtension } from '../../managers/proxy-extension.ts';
import { registerLateProxyKinds, registerOtherProxies, registerProxyKinds } from '../../managers/proxy-kinds.ts';
import { wire } from './wire.ts';

wire({
  extensions: [opaqueExtension, proxyExtension],
  exports: { 'multiproc/managers': { BaseManager, Manager } },
});
registerProxyKinds(proxyKinds);
registerOtherProxies(customProxy);
const cluster = lazy(() => require('./cluster.ts') as object);
for (const family of ['cluster', 'cluster-open']) registerLateProxyKinds(family, cluster);
