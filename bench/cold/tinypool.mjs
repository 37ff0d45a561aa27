import { fileURLToPath } from 'node:url';
import { Tinypool } from 'tinypool';

const filename = fileURLToPath(new URL('../pools/noop-worker.mjs', import.meta.url));
const pool = new Tinypool({ filename, minThreads: 2, maxThreads: 2, runtime: 'child_process' });
await Promise.all([pool.run(1), pool.run(2)]);
await pool.destroy();
