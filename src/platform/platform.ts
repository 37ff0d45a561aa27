import type { Files } from './files.ts';
import type { Memory, MemoryPass } from './memory.ts';
import type { Parking } from './parking.ts';
import type { Pipes } from './pipes.ts';
import type { Processes } from './processes.ts';
import type { Sockets } from './sockets.ts';

/**
 * What the library needs of what it runs on: memory that members share, and the ways of the system by which they reach one another.
 * `choose.ts` picks one. What wakes, looks and closes does not throw: see memory/README.md, "Failure without death".
 */
export interface Platform {
  readonly name: 'linux' | 'portable';
  /** Why there is no better one, for the reader of an error; nothing where this is the best. */
  readonly why?: string;
  /** The memory that the pass leads to; new memory without one. */
  openMemory(pass?: MemoryPass): Memory;
  /** Has this process keep up to 64 MiB of memory that it has freed, for the next large array: to get it anew costs more than to fill it. */
  keepFreedMemory(): void;
  readonly sockets: Sockets;
  /** Lets another thread run that waits for this CPU, if there is one. */
  yieldCpu(): void;
  // What is not there is not to be had here. `choose.ts` has a function for each, which throws then.
  readonly pipes?: Pipes;
  readonly processes?: Processes;
  readonly files?: Files;
  readonly parking?: Parking;
}
