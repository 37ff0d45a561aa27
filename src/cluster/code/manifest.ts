/** The files of the program that a message needs: see ../README.md, "Code". */

/** A file below the root of the program. */
export interface ManifestFile {
  /** From the root, with slashes. */
  readonly path: string;
  /** SHA-256, as base64url. */
  readonly hash: string;
  readonly size: number;
}

/** A package that the host must have. */
export interface ManifestPackage {
  readonly name: string;
  /** Empty if the program's package has none. */
  readonly version: string;
  /** Its folder, from the root; the folder may lie above the root. */
  readonly at: string;
  /** The file that uses it, for messages. */
  readonly user: string;
}

/** The files, packages and folders that a message needs. */
export interface Manifest {
  readonly files: readonly ManifestFile[];
  readonly packages: readonly ManifestPackage[];
  /** Folders, from the root, from which packages are looked for. */
  readonly folders: readonly string[];
  /** Folders of the program, from the root, by the names of packages by which its files import them. */
  readonly links: readonly (readonly [name: string, path: string])[];
  /** The largest number of bytes of all files, if the program has given the option `code.limit`. */
  readonly limit?: number;
  /** True if one of the files loads this library. */
  readonly usesLibrary: boolean;
}

export const LARGEST_FILE = 16 * 2 ** 20;
export const MOST_BYTES = 100 * 2 ** 20;
export const MOST_FILES = 10_000;

/** Returns the SHA-256 of bytes, as base64url. */
export function hashOf(bytes: Uint8Array): string {
  return process.getBuiltinModule('node:crypto').createHash('sha256').update(bytes).digest('base64url');
}

/** Reads a manifest. Throws an `Error` if it is damaged, or if it names a place outside of the root. */
export function readManifest(bytes: Uint8Array): Manifest {
  const manifest = JSON.parse(Buffer.from(bytes).toString()) as Manifest;
  const { limit = MOST_BYTES } = manifest;
  let sum = 0;
  if (manifest.files.length > MOST_FILES) throw new Error('the manifest of the program has too many files');
  for (const { path, hash, size } of manifest.files) {
    sum += size;
    const isSound = isInside(path) && path !== '' && /^[\w-]{43}$/.test(hash) && size >= 0 && size <= LARGEST_FILE;
    if (!isSound || sum > limit) throw new Error('the manifest of the program is damaged');
  }
  const folders = [...manifest.folders, ...manifest.links.map(([, path]) => path)];
  if (!folders.every(isInside) || !manifest.links.every(([name]) => packageName.test(name))) {
    throw new Error('the manifest of the program is damaged');
  }
  return manifest;
}

const packageName = /^(@[\w~-][\w.~-]*\/)?[\w~-][\w.~-]*$/;

/** True if a path leads to a place below the root, and into no package. */
function isInside(path: string): boolean {
  if (path === '') return true;
  return (
    path.split('/').every((step) => step !== '' && step !== '.' && step !== '..' && step !== 'node_modules') &&
    !/[\0\\]/.test(path)
  );
}
