import { PlatformError } from '../errors.ts';
import { createLinux } from './linux.ts';
import type { Parking } from './parking.ts';
import type { Platform } from './platform.ts';
import type { Sockets } from './sockets.ts';
import { uninterrupted } from './uninterrupted.ts';

let chosen: Platform | undefined;

/** The operating system below; the first call loads koffi (about 10 ms), and a `PlatformError` says what is missing. */
export function platform(): Platform {
  chosen ??= uninterrupted(choose);
  return chosen;
}

/** The operating system's sockets, under the same conditions. */
export function sockets(): Sockets {
  return platform().sockets;
}

/** The operating system's way to keep descriptors, under the same conditions. */
export function parking(): Parking {
  return platform().parking;
}

function choose(): Platform {
  const { platform: os, arch } = process;
  if (os !== 'linux' || (arch !== 'x64' && arch !== 'arm64')) {
    throw new PlatformError(
      `multiproc shares memory through memfd_create and futex, which it knows on Linux x64 and arm64 only; this is ${os} ${arch}.`,
    );
  }
  return createLinux(arch);
}
