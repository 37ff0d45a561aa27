import { fileURLToPath } from 'node:url';
import { fs } from '../builtins.ts';
import { PlatformError } from '../errors.ts';

/** The program of every child, beside this file; `undefined` where there can be none, in a bundle. */
const file = entryBeside(import.meta.url);
let found = false;

/** True if this process is a child: it was started with the program of children. */
export const isChild = file !== undefined && process.argv[1] === file;

/** The program of every child; a `PlatformError` where the library has been put into a bundle, since a child cannot start from there. */
export function childEntry(): string {
  found ||= file !== undefined && fs.existsSync(file);
  if (found) return file as string;
  throw new PlatformError(
    'multiproc has been bundled, so its processes have no file to start from: keep it out of the bundle (esbuild: --external:multiproc) and install it beside.',
  );
}

/** A bundle as CommonJS has no `import.meta.url`. */
function entryBeside(url: string | undefined): string | undefined {
  return url === undefined ? undefined : fileURLToPath(new URL('./child.js', url));
}
