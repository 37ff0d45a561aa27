import { PlatformError } from '../contracts/errors.ts';
import type { Files } from './files.ts';
import { createLinux } from './linux.ts';
import type { Parking } from './parking.ts';
import type { Pipes } from './pipes.ts';
import type { Platform } from './platform.ts';
import { createPortable } from './portable.ts';
import type { Processes } from './processes.ts';
import type { Sockets } from './sockets.ts';
import { uninterrupted } from './uninterrupted.ts';

/** The values of MULTIPROC_PLATFORM: a platform with processes, or the one without processes that runs everywhere. */
type Wish = 'native' | 'portable';

let chosen: Platform | undefined;

/**
 * Returns the platform. The first call loads koffi, if it is installed (about 2 ms). Throws a `PlatformError` that says what is missing, if the
 * environment variable MULTIPROC_PLATFORM is `native` and there is no native platform.
 */
export function platform(): Platform {
  chosen ??= choose(wish(), true);
  return chosen;
}

/** Uses the platform of the parent of this process or thread. Call it before the first `platform()`. */
export function inheritPlatform(wished: Wish): void {
  // The starter has tried it.
  chosen = choose(wished, false);
}

/** Returns the processes of the system. Throws a `PlatformError` if members are threads. */
export function processes(what: string): Processes {
  return platform().processes ?? refuse(what);
}

/** Returns the pipes of a platform with processes. */
export function pipes(): Pipes {
  return platform().pipes ?? refuse('A pipe of the system');
}

/** Returns the files that programs share. Throws a `PlatformError` if members are threads. */
export function files(): Files {
  return platform().files ?? refuse('Named shared memory');
}

/** Returns what this platform has of sockets beyond `node:net`. */
export function sockets(): Sockets {
  return platform().sockets;
}

/** Returns the system's way to keep descriptors. Throws a `PlatformError` if members are threads. */
export function parking(): Parking {
  return platform().parking ?? refuse('A socket that is sent to another thread');
}

function refuse(what: string): never {
  const { why } = platform();
  throw new PlatformError(
    `${what} needs the processes of the operating system, which multiproc has on Linux (x64 and arm64): ${why} Here threads, pools, queues, locks, SharedArray, pipes, connections and managers work, with threads as members: see docs/platforms.md.`,
  );
}

function wish(): Wish | undefined {
  const said = process.env.MULTIPROC_PLATFORM;
  if (said === undefined || said === '') return undefined;
  if (said === 'native' || said === 'portable') return said;
  throw new RangeError(`MULTIPROC_PLATFORM must be 'native' or 'portable', not '${said}'`);
}

function choose(wished: Wish | undefined, onTrial: boolean): Platform {
  if (wished === 'portable') return createPortable('MULTIPROC_PLATFORM asks for the portable platform.');
  try {
    return uninterrupted(() => createNative(onTrial));
  } catch (error) {
    if (wished === 'native' || !(error instanceof PlatformError)) throw error;
    return createPortable(error.message);
  }
}

/** Returns the native platform of this system. Throws a `PlatformError` if there is none, or if a trial shows that some of its calls are forbidden. */
function createNative(onTrial: boolean): Platform {
  const { platform: os, arch, versions } = process;
  if (versions.bun !== undefined)
    throw new PlatformError('the event loop of Bun does not hear pipes of other processes.');
  if (os !== 'linux' || (arch !== 'x64' && arch !== 'arm64')) {
    throw new PlatformError(`this is ${os} ${arch}.`);
  }
  return createLinux(arch, onTrial);
}
