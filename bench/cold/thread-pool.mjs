import { ThreadPool } from 'multiproc';

const noop = (i) => i;
const pool = new ThreadPool(2);
await Promise.all([pool.apply(noop, [1]), pool.apply(noop, [2])]);
pool.close();
await pool.join();
