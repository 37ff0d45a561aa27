import { PlatformError } from '../errors.ts';

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
    return require(name) as Koffi;
  } catch (cause) {
    throw new PlatformError(`multiproc calls the operating system through the package ${name}, ${whyNot(cause)}`, {
      cause,
    });
  }
}

/** Why koffi cannot be loaded, and what to do. */
function whyNot(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'ERR_DLOPEN_DISABLED')
    return 'which is an addon, and this Node may not load those: start node with --allow-addons, and without --no-addons.';
  if (code !== 'MODULE_NOT_FOUND') return `which could not be loaded: ${message}.`;
  const { platform, arch } = process;
  return `which is not installed: it is an optional dependency, which --omit=optional leaves out, and so does a lock file made on another system. Run \`npm install --include=optional --os=${platform} --cpu=${arch}\` here, without that lock file if need be; and keep it out of bundles.`;
}
