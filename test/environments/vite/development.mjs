// Vite as a middleware of a server of one's own: it loads the program's modules for the server side.
import { createServer } from 'vite';

const vite = await createServer({ server: { middlewareMode: true }, appType: 'custom' });
const { names, record } = await vite.ssrLoadModule('/checks.ts');
for (const name of names) await record(name);
await vite.close();
