import { fs } from '../../engine/builtins.ts';

/** Returns the contents of a folder's package.json; `undefined` if there is none, or if it cannot be read. */
export function describedIn(folder: string): { name?: string; version?: string; type?: string } | undefined {
  try {
    return JSON.parse(fs.readFileSync(`${folder}/package.json`, 'utf8'));
  } catch {
    return undefined;
  }
}
