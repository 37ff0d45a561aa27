// A task imports a module in TypeScript.
import { strict as assert } from 'node:assert';
import { Pool } from 'multiproc';

const pool = new Pool(1);
assert.equal(await pool.apply(async () => (await import('./typed.ts')).triple(2)), 6);
pool.close();
await pool.join();
