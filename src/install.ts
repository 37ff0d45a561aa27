/** Makes the kinds of values that the layers bring able to travel. Every door to the family imports this first. */
import { installHandleExtension } from './channel/handle-extension.ts';
import { installFunctionExtension } from './functions/function-extension.ts';
import { registerOwnExports } from './functions/own-exports.ts';
import * as own from './index.ts';
import { installProcessExtension } from './process/process-extension.ts';

installFunctionExtension();
installHandleExtension();
installProcessExtension();
registerOwnExports(own, 'multiproc');
