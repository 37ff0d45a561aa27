/** Which file was started: its functions always go by value, so that nobody runs it a second time. */

import { createRequire } from 'node:module';
import { fs } from '../engine/builtins.ts';

let known: ReadonlySet<string> | undefined;

/** Returns true if this `file:` URL is the program, or the program of this worker thread. */
export function isEntryScript(url: string): boolean {
  known ??= entryUrls();
  return known.has(url) || known.has(realUrl(url));
}

/** Returns the URLs of the program, or of the program of this worker thread, by all the names that it has. */
export function entryScripts(): Iterable<string> {
  known ??= entryUrls();
  return known;
}

function entryUrls(): Set<string> {
  const { pathToFileURL } = process.getBuiltinModule('node:url');
  const urls = new Set<string>();
  const add = (path: string) => urls.add(pathToFileURL(path).href).add(realUrl(pathToFileURL(path).href));
  const started = process.argv[1];
  if (started !== undefined) {
    const { resolve } = process.getBuiltinModule('node:path');
    add(resolve(started));
    try {
      // `node app` and `node .` leave out the extension, or the file.
      add(createRequire(resolve('x.js')).resolve(resolve(started)));
    } catch {
      // Not a file: `-`, `[worker eval]`.
    }
  }
  const main = require.main?.filename;
  if (main) add(main);
  return urls;
}

function realUrl(url: string): string {
  const { pathToFileURL, fileURLToPath } = process.getBuiltinModule('node:url');
  try {
    return pathToFileURL(fs.realpathSync(fileURLToPath(url))).href;
  } catch {
    return url;
  }
}
