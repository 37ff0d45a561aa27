import { basename, dirname, fs, os } from '../engine/builtins.ts';
import type { ShortPath } from './sockets.ts';

/** The longest path of a socket: 103 bytes on macOS, some more elsewhere. */
const LONGEST = 103;

/**
 * Returns a path to the same socket that is short enough for the system. If the given path is too long, the result leads through a symbolic link in the folder for temporary files until it
 * is released. Throws a `RangeError` if the name of the file alone is too long.
 */
export function socketPath(path: string): ShortPath {
  if (Buffer.byteLength(path) <= LONGEST) return { path, release() {} };
  const { join, resolve } = process.getBuiltinModule('node:path');
  const temporary = os.tmpdir();
  // The folder for temporary files may have a long path itself.
  const folder = fs.mkdtempSync(join(temporary.length < LONGEST / 2 ? temporary : '/tmp', 'mp-'));
  const release = () => fs.rmSync(folder, { recursive: true, force: true });
  try {
    fs.symlinkSync(dirname(resolve(path)), join(folder, 'd'));
    const short = join(folder, 'd', basename(path));
    if (Buffer.byteLength(short) <= LONGEST) return { path: short, release };
    const room = LONGEST - Buffer.byteLength(short) + Buffer.byteLength(basename(path));
    throw new RangeError(
      `The name of a unix socket in a long path may have ${room} bytes, not ${Buffer.byteLength(basename(path))}: ${path}`,
    );
  } catch (error) {
    release();
    throw error;
  }
}
