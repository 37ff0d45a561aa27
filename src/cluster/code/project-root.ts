import { basename, dirname, fs } from '../../engine/builtins.ts';
import { foldersUp } from '../../engine/folders-up.ts';

/** Returns the real path of the folder whose files are sent, `code.root`. Throws a `TypeError` if it is no folder. */
export function projectRoot(given: string | undefined): string {
  const { resolve, join } = process.getBuiltinModule('node:path');
  if (given !== undefined) {
    const path = resolve(given);
    if (!fs.existsSync(path) || !fs.statSync(path).isDirectory()) {
      throw new TypeError(`code.root must be a folder, and ${path} is none.`);
    }
    return fs.realpathSync(path);
  }
  const start = startFolder();
  for (const folder of foldersUp(start)) if (fs.existsSync(join(folder, 'package.json'))) return folder;
  return start;
}

/** Returns the folder of the main script; the working directory for `node -e`, and for tools that run the program. */
function startFolder(): string {
  const [, started] = process.argv;
  try {
    const main = started === undefined ? '' : fs.realpathSync(started);
    const isProgram = main !== '' && !main.includes('/node_modules/') && fs.statSync(main).isFile();
    if (isProgram) return dirname(main);
    if (main !== '' && !main.includes('/node_modules/') && basename(main) !== '') return main;
  } catch {
    // `node app` without the extension, `-`, or nothing.
  }
  return fs.realpathSync(process.cwd());
}
