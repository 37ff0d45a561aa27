import { fs } from '../../engine/builtins.ts';
import { foldersUp } from '../../engine/folders-up.ts';

/**
 * Returns the folder of a package that is installed on this host, `undefined` if there is none: the folder at the same place, or else the package of this name in the first `node_modules` from
 * the root upwards. `at` is the path of the package's folder from the root of the program.
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
