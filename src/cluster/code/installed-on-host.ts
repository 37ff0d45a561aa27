import { fs } from '../../engine/builtins.ts';
import { foldersUp } from '../../engine/folders-up.ts';

/**
 * Returns the folder of a package in this host's own installation: at its place from the root, or the first `node_modules` from there up that has a package of that name;
 * `undefined` if there is none. `at` is its folder in the program, from the root of that.
 */
export function installedOnHost(root: string, name: string, at: string): string | undefined {
  const { resolve, join } = process.getBuiltinModule('node:path');
  const same = resolve(root, at);
  if (fs.existsSync(join(same, 'package.json'))) return same;
  for (const folder of foldersUp(root)) {
    const installed = join(folder, 'node_modules', name);
    if (fs.existsSync(join(installed, 'package.json'))) return installed;
  }
  return undefined;
}
