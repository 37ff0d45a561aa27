/** Makes the kinds of values that the layers bring able to travel. Every door to the family imports this first. */
import { installHandleExtension } from '../channel/handle-extension.ts';
import { installConnectionExtension } from '../connection/connection-extension.ts';
import { installSocketExtension } from '../connection/socket-extension.ts';
import { installFunctionExtension } from '../functions/function-extension.ts';
import { registerOwnExports, registerOwnLoader } from '../functions/own-exports.ts';
import { contexts } from './context.ts';
import * as own from './public-names.ts';
// A member that buries another may be the one that lets go of its managed objects.
import '../managers/lease-kinds.ts';
// So may the one that lets go of the board of a pool.
import '../pool/board-kind.ts';
import { installWrappedExtension } from '../pool/wrapped.ts';
import { installProcessExtension } from '../process/process-extension.ts';
import { installSharedBuffers } from '../shared/shared-bytes.ts';

installFunctionExtension();
installHandleExtension();
installSharedBuffers();
installConnectionExtension();
installSocketExtension();
installProcessExtension();
installWrappedExtension();
registerOwnExports(own, 'multiproc');
// What a pool starts in its workers.
registerOwnLoader('multiproc/internal', () => require('../pool/machinery.ts'));
for (const [method, { Process, Pool }] of Object.entries(contexts)) {
  registerOwnExports({ Process, Pool }, `multiproc/internal/${method}`);
}
