/** What the door `multiproc/managers` adds. */
import './connection.ts';
import { lazy } from '../../loading/lazy.ts';
import { BaseManager } from '../../managers/base-manager.ts';
import { builtIns } from '../../managers/built-ins.ts';
import { Manager } from '../../managers/manager.ts';
import { opaqueExtension } from '../../managers/opaque.ts';
import { customProxy } from '../../managers/proxies/custom-proxy.ts';
import { proxyExtension } from '../../managers/proxy-extension.ts';
import { registerLateProxyKinds, registerOtherProxies, registerProxyClasses } from '../../managers/proxy-kinds.ts';
import { wire } from './wire.ts';

wire({
  extensions: [opaqueExtension, proxyExtension],
  exports: { 'multiproc/managers': { BaseManager, Manager } },
});
registerProxyClasses(builtIns);
registerOtherProxies(customProxy);
const cluster = lazy(() => require('./cluster.ts') as object);
for (const family of ['cluster', 'cluster-open']) registerLateProxyKinds(family, cluster);
