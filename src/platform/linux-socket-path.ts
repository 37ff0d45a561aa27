import { basename, dirname, fs } from '../engine/builtins.ts';
import type { ShortPath } from './sockets.ts';

/** The longest path in a `sockaddr_un`, without its closing zero. */
const LONGEST = 107;
/** From the kernel's headers; the same on x64 and arm64. */
const O_PATH = 0o10000000;

/**
 * Returns a path to the same socket that is short enough for the kernel. If the given path is too long, the result begins with a descriptor of its folder, which is
 * open until the result is released. Throws a `RangeError` if the name of the file alone is too long.
 */
export function linuxSocketPath(path: string): ShortPath {
  if (Buffer.byteLength(path) <= LONGEST) return { path, release: () => {} };
  const folder = fs.openSync(dirname(path), O_PATH);
  const release = () => fs.closeSync(folder);
  const start = `/proc/self/fd/${folder}/`;
  const name = basename(path);
  if (Buffer.byteLength(name) <= LONGEST - start.length) return { path: start + name, release };
  release();
  throw new RangeError(
    `The name of a unix socket in a long path may have ${LONGEST - start.length} bytes, not ${Buffer.byteLength(name)}: ${path}`,
  );
}
