import { PlatformError } from '../errors.ts';
import { load } from '../load.ts';

/** The part of koffi that is used here. */
export interface Koffi {
  load(path: null): { func(declaration: string): (...args: unknown[]) => unknown };
  view(address: bigint, length: number): ArrayBuffer;
  errno(): number;
}

/** Loads koffi (about 10 ms). */
export function loadKoffi(): Koffi {
  try {
    return load('koffi') as Koffi;
  } catch (cause) {
    throw new PlatformError(
      'multiproc calls the operating system through the package koffi, which could not be loaded: install it, and keep it out of bundles.',
      { cause },
    );
  }
}
