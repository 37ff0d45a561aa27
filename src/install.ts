/** Makes the kinds of values that the layers bring able to travel. Every door to the family imports this first. */
import { installHandleExtension, registerSharedClass } from './channel/handle-extension.ts';
import { installFunctionExtension } from './functions/function-extension.ts';
import { registerOwnExports } from './functions/own-exports.ts';
import * as own from './index.ts';
import { TASK_BOARD_KIND, TaskBoard } from './pool/task-board.ts';
import { runWorker } from './pool/worker.ts';
import { installWrappedExtension } from './pool/wrapped.ts';
import { installProcessExtension } from './process/process-extension.ts';

installFunctionExtension();
installHandleExtension();
registerSharedClass(TASK_BOARD_KIND, TaskBoard);
installProcessExtension();
installWrappedExtension();
registerOwnExports(own, 'multiproc');
registerOwnExports({ runWorker }, 'multiproc/internal');
