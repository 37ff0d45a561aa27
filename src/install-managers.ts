/** Makes what the door `multiproc/managers` adds able to travel. */
import './install-connection.ts';
import { registerOwnExports } from './functions/own-exports.ts';
import { BaseManager } from './managers/base-manager.ts';
import { Manager } from './managers/manager.ts';
import { installProxyKinds } from './managers/proxies/kinds.ts';
import { installProxyExtension } from './managers/proxy-extension.ts';
import { installSealedExtension } from './managers/sealed.ts';

installSealedExtension();
installProxyExtension();
installProxyKinds();
registerOwnExports({ BaseManager, Manager }, 'multiproc/managers');
