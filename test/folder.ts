import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const made: string[] = [];

/** Makes a folder with these files, by their paths in it. It is removed when this process ends. */
export function folderWith(files: Readonly<Record<string, string>> = {}): string {
  if (made.length === 0) process.once('exit', () => made.forEach(remove));
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'multiproc-')));
  made.push(folder);
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return folder;
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
