import { basename, dirname, fs, os } from '../engine/builtins.ts';
import type { ShortPath } from './sockets.ts';

/** The longest path of a socket: 103 bytes on macOS, some more elsewhere. */
const LONGEST = 103;

/**
 * A path to the same socket that the system takes: a longer one leads through a symbolic link to the folder, in the folder for temporary files, until it
 * is released. A `RangeError` where the name of the file alone is too long.
 */
export function socketPath(path: string): ShortPath {
  if (Buffer.byteLength(path) <= LONGEST) return { path, release() {} };
  const { join, resolve } = process.getBuiltinModule('node:path');
  const temporary = os.tmpdir();
  // It may be long itself.
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
