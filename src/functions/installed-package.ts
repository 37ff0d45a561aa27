/** A package in `node_modules`. */
export interface InstalledPackage {
  readonly name: string;
  /** URL of its folder, with a slash at the end. */
  readonly folder: string;
}

/** Returns the package that contains the file of a `file:` URL. */
export function packageAt(url: string): InstalledPackage | undefined {
  const [, folder, name] = /^(file:.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\/)/.exec(url) ?? [];
  return folder === undefined || name === undefined ? undefined : { name, folder };
}

/** Returns true if a URL leads into an installed package. */
export function isInPackage(url: string): boolean {
  return url.includes('/node_modules/');
}
