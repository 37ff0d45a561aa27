import { PlatformError } from '../contracts/errors.ts';
import { fs } from '../engine/builtins.ts';
import { foldersUp } from '../engine/folders-up.ts';
import { failedCall } from './failed-call.ts';

/** The part of koffi that is used here. */
interface Koffi {
  load(path: null): { func(declaration: string): (...args: unknown[]) => unknown };
  view(address: bigint, length: number): ArrayBuffer;
  errno(): number;
}

/** A function of libc that returns a number. */
type Native = (...args: unknown[]) => number;

/** Returns koffi and what is made of it: libc, its functions by their declarations, and the error of a call that has just failed. */
export function loadLibc() {
  const koffi = loadKoffi();
  const libc = koffi.load(null);
  return {
    koffi,
    libc,
    func: (declaration: string) => libc.func(declaration) as Native,
    failed: (call: string) => failedCall(call, koffi.errno()),
  };
}

let loaded: Koffi | undefined;

/**
 * Loads koffi (about 1 ms): its package for this architecture, which holds all of it. The package `koffi` above it only chooses one, but runs
 * a script when it is installed, which package managers refuse or warn of.
 */
function loadKoffi(): Koffi {
  const name = `@koromix/koffi-${process.platform}-${process.arch}`;
  try {
    loaded ??= binaryOf(name) ?? (require(name) as Koffi);
    return loaded;
  } catch (cause) {
    throw new PlatformError(`multiproc calls the operating system through the package ${name}, ${whyNot(cause)}`, {
      cause,
    });
  }
}

/** Returns the binary that the package would choose, without the 1.5 ms that the package takes; `undefined` if only the package knows. */
function binaryOf(name: string): Koffi | undefined {
  try {
    // Without /proc, Node knows its own file only by the name that it was started by, which may be no path.
    const file = `${name}/${isOnMusl() ? 'musl' : 'linux'}_${process.arch}/koffi.node`;
    return loadedAt(installedAt(file)) ?? (require(file) as Koffi);
  } catch {
    return undefined;
  }
}

/** Returns the path at which Node would look for it, without the checks and the real path of each folder that make up most of a `require`. */
function installedAt(file: string): string | undefined {
  for (const folder of foldersUp(__dirname)) {
    const path = `${folder}/node_modules/${file}`;
    if (fs.existsSync(path)) return path;
  }
  return undefined;
}

function loadedAt(path: string | undefined): Koffi | undefined {
  if (path === undefined) return undefined;
  const module = { exports: {} as Koffi };
  process.dlopen(module, path);
  return module.exports;
}

/** Returns true if Node is built for musl in place of glibc: its binary names, near its beginning, the loader that it is to have. */
function isOnMusl(): boolean {
  const fd = fs.openSync(process.execPath, fs.constants.O_RDONLY);
  try {
    const start = Buffer.allocUnsafe(4096);
    return start.subarray(0, fs.readSync(fd, start, 0, start.length, 0)).includes('/ld-musl-');
  } finally {
    fs.closeSync(fd);
  }
}

/** Returns the reason for which koffi cannot be loaded, and what to do. */
function whyNot(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'ERR_DLOPEN_DISABLED')
    return 'which is an addon, and this Node may not load those: start node with --allow-addons, and without --no-addons.';
  if (code !== 'MODULE_NOT_FOUND') return `which could not be loaded: ${message}.`;
  const { platform, arch } = process;
  return `which is not installed: it is an optional dependency, which --omit=optional leaves out, and so does a lock file made on another system. Run \`npm install --include=optional --os=${platform} --cpu=${arch}\` here, without that lock file if need be; and keep it out of bundles.`;
}
