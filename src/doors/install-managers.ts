/** Makes what the door `multiproc/managers` adds able to travel. */
import './install-connection.ts';
import { registerOwnExports } from '../functions/own-exports.ts';
import { lazy } from '../loading/lazy.ts';
import { BaseManager } from '../managers/base-manager.ts';
import { Manager } from '../managers/manager.ts';
import { installProxyKinds } from '../managers/proxies/kinds.ts';
import { installProxyExtension } from '../managers/proxy-extension.ts';
import { registerLateProxyKinds } from '../managers/proxy-kinds.ts';
import { installSealedExtension } from '../managers/sealed.ts';

installSealedExtension();
installProxyExtension();
installProxyKinds();
const cluster = lazy(() => require('./install-cluster.ts') as object);
for (const family of ['cluster', 'cluster-open']) registerLateProxyKinds(family, cluster);
registerOwnExports({ BaseManager, Manager }, 'multiproc/managers');
