import { PlatformError } from '../errors.ts';
import { load } from '../load.ts';

/** The part of koffi that is used here. */
export interface Koffi {
  load(path: null): { func(declaration: string): (...args: unknown[]) => unknown };
  view(address: bigint, length: number): ArrayBuffer;
  errno(): number;
}

/**
 * Loads koffi (about 10 ms): its package for this architecture, which holds all of it. The package `koffi` above it only chooses one, but runs
 * a script when it is installed, which package managers refuse or warn of.
 */
export function loadKoffi(): Koffi {
  const name = `@koromix/koffi-${process.platform}-${process.arch}`;
  try {
    return load(name) as Koffi;
  } catch (cause) {
    throw new PlatformError(
      `multiproc calls the operating system through ${name}, which could not be loaded: ${adviceOn(cause)}.`,
      {
        cause,
      },
    );
  }
}

function adviceOn(cause: unknown): string {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ERR_DLOPEN_DISABLED')
    return 'this Node may not load addons; start it with --allow-addons, and without --no-addons';
  if (code === 'MODULE_NOT_FOUND')
    return 'it is an optional dependency that was left out when multiproc was installed; install again, with optional dependencies (npm: --include=optional) and for this platform';
  return (cause as Error).message;
}
