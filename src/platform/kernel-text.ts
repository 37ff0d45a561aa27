import { fs } from '../engine/builtins.ts';

/** Returns the text of a file of the kernel, as in `/proc`; empty if there is none, or if this process cannot read it. */
export function kernelText(file: string): string {
  try {
    return fs.readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
