import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What notices that a message was more than data: a connection came to its address, or one of its texts was run. */
export interface Canary {
  readonly address: string;
  /** Source text that would write a file. */
  readonly source: string;
  /** The URL of a module that would do so. */
  readonly module: string;
  /** How many have come to the address, those included that were on their way. */
  readonly visits: () => Promise<number>;
  /** True if a text, or the module, has run. */
  readonly hasRun: () => boolean;
}

/** Hangs one up, until the end of the test. */
export async function hangCanary(test: { after(fn: () => void): void }): Promise<Canary> {
  const folder = mkdtempSync(join(tmpdir(), 'multiproc-canary-'));
  const file = join(folder, 'has-run');
  const source = `process.getBuiltinModule('node:fs').writeFileSync(${JSON.stringify(file)}, '')`;
  writeFileSync(join(folder, 'module.mjs'), source);
  let visits = 0;
  let own = 0;
  const server = createServer((socket) => {
    visits++;
    socket.on('error', () => {}).end('seen');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  test.after(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  return {
    address: `127.0.0.1:${port}`,
    source,
    module: pathToFileURL(join(folder, 'module.mjs')).href,
    visits: async () => {
      own++;
      // Who set out before this one has been seen when it is.
      await once(connect(port, '127.0.0.1'), 'data');
      return visits - own;
    },
    hasRun: () => existsSync(file),
  };
}
