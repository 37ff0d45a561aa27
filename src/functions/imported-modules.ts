import { resolveImport } from './package-resolution.ts';
import type { Script } from './script.ts';

/** The URLs of the modules that a module imports by declarations: they have run before it does. */
export function importedBy({ program, base }: Script): string[] {
  return program.body.flatMap((node) => {
    const source = 'source' in node ? node.source : undefined;
    return (source && resolveImport(String(source.value), base, 'import')) || [];
  });
}
