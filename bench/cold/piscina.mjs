import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';

const filename = fileURLToPath(new URL('../pools/noop-worker.mjs', import.meta.url));
const pool = new Piscina({ filename, minThreads: 2, maxThreads: 2 });
await Promise.all([pool.run(1), pool.run(2)]);
await pool.destroy();
