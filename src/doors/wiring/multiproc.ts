/** What can be sent with each door to the family: the wiring of every such door imports this first. */
import { handleExtension } from '../../channel/handle-extension.ts';
import { connectionExtension } from '../../connection/connection-extension.ts';
import { socketExtension } from '../../connection/socket-extension.ts';
import { functionExtension } from '../../functions/function-extension.ts';
// A member that reclaims another may be the one that lets go of its managed objects.
import '../../managers/lease-kinds.ts';
// So may the one that lets go of the board of a pool.
import '../../pool/board-kind.ts';
import { wrappedExtension } from '../../pool/wrapped.ts';
import { processExtension } from '../../process/process-extension.ts';
import { contexts } from '../context.ts';
import * as own from '../public-names.ts';
import { wire } from './wire.ts';

const { spawn, thread } = contexts;

wire({
  extensions: [
    functionExtension,
    handleExtension,
    connectionExtension,
    socketExtension,
    processExtension,
    wrappedExtension,
  ],
  exports: {
    multiproc: own,
    'multiproc/internal/spawn': { Process: spawn.Process, Pool: spawn.Pool },
    'multiproc/internal/thread': { Process: thread.Process, Pool: thread.Pool },
  },
  // What a pool starts in its workers.
  late: { 'multiproc/internal': () => require('../../pool/machinery.ts') },
});
