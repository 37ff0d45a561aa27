import { basename, dirname, fs } from '../builtins.ts';

/** The longest path in a `sockaddr_un`, its closing zero not counted. */
const LONGEST = 107;
/** From the kernel's headers; the same on x64 and arm64. */
const O_PATH = 0o10000000;

/**
 * What `use` gives for a path to the same socket that the kernel takes, whatever folder it is in: a longer one begins with a
 * descriptor of the folder, which is open meanwhile. A `RangeError` where the name of the file alone is too long.
 */
export function withShortPath<T>(path: string, use: (short: string) => T): T {
  if (Buffer.byteLength(path) <= LONGEST) return use(path);
  const folder = fs.openSync(dirname(path), O_PATH);
  try {
    const start = `/proc/self/fd/${folder}/`;
    const name = basename(path);
    if (Buffer.byteLength(name) > LONGEST - start.length) {
      throw new RangeError(
        `The name of a unix socket in a long path may have ${LONGEST - start.length} bytes, not ${Buffer.byteLength(name)}: ${path}`,
      );
    }
    return use(start + name);
  } finally {
    fs.closeSync(folder);
  }
}
