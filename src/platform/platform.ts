import type { Files } from './files.ts';
import type { Memory, MemoryPass } from './memory.ts';
import type { Parking } from './parking.ts';
import type { Pipes } from './pipes.ts';
import type { Processes } from './processes.ts';
import type { Sockets } from './sockets.ts';

/**
 * What the library needs of its platform: memory that members share, and means of the system by which members reach each other.
 * `choose.ts` picks a platform. Calls that wake, look or close do not throw: see memory/README.md, "Failure without death".
 */
export interface Platform {
  readonly name: 'linux' | 'portable';
  /** The reason for which no better platform is used, for messages; `undefined` if this is the best. */
  readonly why?: string;
  /** Returns the memory of the pass, or new memory if there is no pass. */
  openMemory(pass?: MemoryPass): Memory;
  /** Makes this process keep up to 64 MiB of freed memory for the next large array: getting new memory costs more than filling it. */
  keepFreedMemory(): void;
  readonly sockets: Sockets;
  /** Lets another thread run that waits for this CPU. Returns false if the platform cannot: only a sleep gives the CPU away then. */
  yieldCpu(): boolean;
  // A platform may lack any of these. `choose.ts` has a function for each, which throws then.
  readonly pipes?: Pipes;
  readonly processes?: Processes;
  readonly files?: Files;
  readonly parking?: Parking;
}
