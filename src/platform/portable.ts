import type { Platform } from './platform.ts';
import { PortableMemory } from './portable-memory.ts';

/** From Node 24 on. */
const canPause = 'pause' in Atomics;

/** Any system, by nothing but JavaScript: threads of one program over one SharedArrayBuffer. `why` says why it is no better one. */
export function createPortable(why: string): Platform {
  return {
    name: 'portable',
    why,
    openMemory: (pass) => new PortableMemory(pass),
    // V8's own memory is not malloc's.
    keepFreedMemory() {},
    yieldCpu() {
      if (canPause) Atomics.pause();
    },
  };
}
