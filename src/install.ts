/** Makes the kinds of values that the layers bring able to travel. Every door to the family imports this first. */
import { installHandleExtension, registerSharedClass } from './channel/handle-extension.ts';
import { installConnectionExtension } from './connection/connection-extension.ts';
import { installSocketExtension } from './connection/socket-extension.ts';
import { contexts } from './context.ts';
import { installFunctionExtension } from './functions/function-extension.ts';
import { registerOwnExports, registerOwnLoader } from './functions/own-exports.ts';
import * as own from './index.ts';
// A member that buries another may be the one that lets go of its managed objects.
import './managers/lease-blocks.ts';
import { installTaskBoards } from './pool/board-extension.ts';
import { installWrappedExtension } from './pool/wrapped.ts';
import { installProcessExtension } from './process/process-extension.ts';
import { SHARED_ARRAY_KIND, SharedArray } from './shared/shared-array.ts';
import { installSharedBuffers, SHARED_BYTES_KIND, SharedBytes } from './shared/shared-bytes.ts';
import { SHARED_VALUE_KIND, SharedValue } from './shared/shared-value.ts';

installFunctionExtension();
installHandleExtension();
registerSharedClass(SHARED_VALUE_KIND, SharedValue);
registerSharedClass(SHARED_ARRAY_KIND, SharedArray);
registerSharedClass(SHARED_BYTES_KIND, SharedBytes);
installSharedBuffers();
installConnectionExtension();
installSocketExtension();
installTaskBoards();
installProcessExtension();
installWrappedExtension();
registerOwnExports(own, 'multiproc');
// What a pool starts in its workers.
registerOwnLoader('multiproc/internal', () => require('./pool/machinery.ts'));
for (const [method, { Process, Pool }] of Object.entries(contexts)) {
  registerOwnExports({ Process, Pool }, `multiproc/internal/${method}`);
}
