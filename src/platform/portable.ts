import type { Platform } from './platform.ts';
import { PortableMemory } from './portable-memory.ts';
import { createPortableSockets } from './portable-sockets.ts';
import type { Sockets } from './sockets.ts';

/** From Node 24 on. */
const canPause = 'pause' in Atomics;

/** Any system, by nothing but JavaScript: threads of one program over one SharedArrayBuffer. `why` says why it is no better one. */
export function createPortable(why: string): Platform {
  let sockets: Sockets | undefined;
  return {
    name: 'portable',
    why,
    openMemory: (pass) => new PortableMemory(pass),
    // V8's own memory is not malloc's.
    keepFreedMemory() {},
    get sockets() {
      sockets ??= createPortableSockets();
      return sockets;
    },
    yieldCpu() {
      if (canPause) Atomics.pause();
    },
  };
}
