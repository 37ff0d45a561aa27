/** What each member of a family sends and receives from its start on: the wiring of every door to the family imports this first. */
import { handleExtension } from '../../channel/handle-extension.ts';
import { connectionExtension } from '../../connection/connection-extension.ts';
import { socketExtension } from '../../connection/socket-extension.ts';
import { functionExtension } from '../../functions/function-extension.ts';
// A member that buries another may be the one that lets go of the board of a pool.
import '../../pool/board-kind.ts';
import { wrappedExtension } from '../../pool/wrapped.ts';
import { Process } from '../../process/process.ts';
import { processExtension } from '../../process/process-extension.ts';
import { wire } from './wire.ts';

wire({
  extensions: [
    functionExtension,
    handleExtension,
    connectionExtension,
    socketExtension,
    processExtension,
    wrappedExtension,
  ],
  exports: {},
  // What a new process is sent as.
  early: { multiproc: { Process } },
  // What a pool starts in its workers.
  late: { 'multiproc/internal': () => require('../../pool/worker.ts') },
});
