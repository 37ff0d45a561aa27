/** Makes the kinds of values that the layers bring able to travel. Every door to the family imports this first. */
import { installHandleExtension, registerSharedClass } from './channel/handle-extension.ts';
import { installConnectionExtension } from './connection/connection-extension.ts';
import { installSocketExtension } from './connection/socket-extension.ts';
import { installFunctionExtension } from './functions/function-extension.ts';
import { registerOwnExports } from './functions/own-exports.ts';
import * as own from './index.ts';
import { TASK_BOARD_KIND, TaskBoard } from './pool/task-board.ts';
import { runWorker } from './pool/worker.ts';
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
registerSharedClass(TASK_BOARD_KIND, TaskBoard);
installProcessExtension();
installWrappedExtension();
registerOwnExports(own, 'multiproc');
registerOwnExports({ runWorker }, 'multiproc/internal');
