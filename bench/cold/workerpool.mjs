import { fileURLToPath } from 'node:url';
import workerpool from 'workerpool';

const worker = fileURLToPath(new URL('../pools/workerpool-worker.mjs', import.meta.url));
const pool = workerpool.pool(worker, { minWorkers: 2, maxWorkers: 2, workerType: 'process' });
await Promise.all([pool.exec('noop', [1]), pool.exec('noop', [2])]);
await pool.terminate();
