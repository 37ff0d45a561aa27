import { Pool, setSpareProcesses } from 'multiproc';

const [, , spares] = process.argv;
if (spares !== undefined) setSpareProcesses(Number(spares));
const noop = (i) => i;
const pool = new Pool(2);
await Promise.all([pool.apply(noop, [1]), pool.apply(noop, [2])]);
pool.close();
await pool.join();
