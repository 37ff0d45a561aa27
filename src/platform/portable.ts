import { kernelText } from './kernel-text.ts';
import type { Platform } from './platform.ts';
import { PortableMemory } from './portable-memory.ts';
import { createPortableSockets } from './portable-sockets.ts';
import type { Sockets } from './sockets.ts';

/** `Atomics.pause`, in Node 24 and later. */
const canPause = 'pause' in Atomics;

/** Returns how many bytes of address space this process may have (`ulimit -v`). Returns `Infinity` if there is no limit, or if the system does not show it. */
function addressSpace(): number {
  const [, bytes] = /^Max address space +(\d+)/m.exec(kernelText('/proc/self/limits')) ?? [];
  return Number(bytes ?? Number.POSITIVE_INFINITY);
}

/** Returns the platform for any system, in JavaScript only: threads of one program over one SharedArrayBuffer. `why` is the reason for which no better platform is used. */
export function createPortable(why: string): Platform {
  let sockets: Sockets | undefined;
  return {
    name: 'portable',
    why,
    openMemory: (pass) => new PortableMemory(pass, addressSpace),
    // V8 does not take its memory from malloc.
    keepFreedMemory() {},
    get sockets() {
      sockets ??= createPortableSockets();
      return sockets;
    },
    yieldCpu() {
      if (canPause) Atomics.pause();
      return false;
    },
  };
}
