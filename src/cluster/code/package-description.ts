import { fs } from '../../engine/builtins.ts';

/** Returns what a folder's package.json says; `undefined` if there is none, or it cannot be read. */
export function describedIn(folder: string): { name?: string; version?: string; type?: string } | undefined {
  try {
    return JSON.parse(fs.readFileSync(`${folder}/package.json`, 'utf8'));
  } catch {
    return undefined;
  }
}
