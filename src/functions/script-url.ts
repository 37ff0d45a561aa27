/** The URL of the file that a script was loaded from: V8's inspector gives another one for some names of files. */
import { basename, dirname, fs } from '../engine/builtins.ts';
import { loadedCommonJs } from './module-cache.ts';

/** `url` is as the inspector gives it: a `file:` URL, a path, or neither. Returns it as it is if no file fits better. */
export function scriptUrl(url: string): string {
  const { isAbsolute } = process.getBuiltinModule('node:path');
  const { fileURLToPath, pathToFileURL } = process.getBuiltinModule('node:url');
  try {
    if (isAbsolute(url)) return whereEncoded(url) ?? url;
    const path = url.startsWith('file:') ? fileURLToPath(url) : undefined;
    if (path === undefined || fs.existsSync(path)) return url;
    const real = whereLost(path);
    return real === undefined ? url : pathToFileURL(real).href;
  } catch {
    return url; // no path can be had of it
  }
}

/** Node makes the inspector's URLs of paths. It loses line breaks and tabs, and takes a backslash for a slash. */
function whereLost(path: string): string | undefined {
  // Node loads no ES module from such a path.
  return Object.keys(loadedCommonJs()).find(
    (known) => /[\\\n\r\t]/.test(known) && known.replace(/[\n\r\t]/g, '').replaceAll('\\', '/') === path,
  );
}

/** Vite encodes white space, and no more, in the path that it names evaluated text for. */
function whereEncoded(path: string): string | undefined {
  if (fs.existsSync(path)) return path;
  if (!path.includes('%')) return undefined;
  const folder = whereEncoded(dirname(path));
  if (folder === undefined) return undefined;
  const name = fs.readdirSync(folder).find((each) => each.replace(/\s/g, encodeURIComponent) === basename(path));
  return name === undefined ? undefined : `${folder}/${name}`;
}
