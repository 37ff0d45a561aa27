/** Makes what the door `multiproc/managers` adds able to travel. */
import './install-connection.ts';
import { registerSharedClass } from './channel/handle-extension.ts';
import { registerOwnExports } from './functions/own-exports.ts';
import { BaseManager } from './managers/base-manager.ts';
import { Lease, Returns } from './managers/lease.ts';
import { LEASE_KIND, RETURNS_KIND } from './managers/lease-blocks.ts';
import { Manager } from './managers/manager.ts';
import { installProxyKinds } from './managers/proxies/kinds.ts';
import { installProxyExtension } from './managers/proxy-extension.ts';
import { installSealedExtension } from './managers/sealed.ts';

registerSharedClass(RETURNS_KIND, Returns);
registerSharedClass(LEASE_KIND, Lease);
installSealedExtension();
installProxyExtension();
installProxyKinds();
registerOwnExports({ BaseManager, Manager }, 'multiproc/managers');
