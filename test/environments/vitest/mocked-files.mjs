// A file system with nothing in it, for all that Vitest loads.
import { vi } from 'vitest';

for (const name of ['fs', 'node:fs'])
  vi.doMock(name, async () => {
    const { appendFileSync } = await vi.importActual('node:fs');
    const { fs } = await vi.importActual('memfs');
    return { ...fs, appendFileSync, default: { ...fs, appendFileSync } };
  });
if ((await import('node:fs')).existsSync(process.cwd())) throw new Error('node:fs is not mocked');
