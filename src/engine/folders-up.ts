import { dirname } from './builtins.ts';

/** Yields a folder, and then each folder above it, up to the root. */
export function* foldersUp(folder: string): Generator<string> {
  for (let at = folder; ; at = dirname(at)) {
    yield at;
    if (dirname(at) === at) return;
  }
}
