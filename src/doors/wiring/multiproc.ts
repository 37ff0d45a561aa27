/** What the door `multiproc` adds. */
import './member.ts';
// A member that reclaims another may be the one that lets go of its managed objects.
import '../../managers/lease-kinds.ts';
import { contexts } from '../context.ts';
import * as own from '../public-names.ts';
import { wire } from './wire.ts';

const { spawn, thread } = contexts;

wire({
  exports: {
    multiproc: own,
    'multiproc/internal/spawn': { Process: spawn.Process, Pool: spawn.Pool },
    'multiproc/internal/thread': { Process: thread.Process, Pool: thread.Pool },
  },
});
