import { fs } from '../../engine/builtins.ts';

/**
 * Returns the URLs of the files that `code.include` names: files, and folders with all of their files. Names that begin with a dot, and `node_modules`, do not count. Throws a
 * `TypeError` for a path that is not below the root.
 */
export function includedFiles(root: string, include: readonly string[]): string[] {
  const { resolve, relative, isAbsolute } = process.getBuiltinModule('node:path');
  const { pathToFileURL } = process.getBuiltinModule('node:url');
  const found = new Set<string>();
  for (const named of include) {
    const path = resolve(root, named);
    const inside = relative(root, path);
    if (inside.startsWith('..') || isAbsolute(inside)) {
      throw new TypeError(`code.include names ${named}, which stands outside of code.root, ${root}.`);
    }
    if (!fs.existsSync(path)) throw new TypeError(`code.include names ${named}, and there is no ${path}.`);
    for (const file of filesAt(path)) found.add(pathToFileURL(file).href);
  }
  return [...found];
}

function filesAt(path: string): string[] {
  if (!fs.statSync(path).isDirectory()) return [path];
  return fs.readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') return [];
    const each = `${path}/${entry.name}`;
    if (entry.isDirectory()) return filesAt(each);
    // A link to a folder could lead back here.
    return fs.statSync(each, { throwIfNoEntry: false })?.isFile() ? [each] : [];
  });
}
