import { Pool } from 'multiproc';
import { byReference } from './lib.mjs';

// Two bytes in one character: é. Offsets are not columns.
const onlyInChildren = (n) => {
  if (n > 100) return -1;
  return byReference(n);
};

const here = (n) => {
  return n * 2;
};

const pool = new Pool(1);
const [first] = await pool.map((n) => onlyInChildren(n), [here(1)]);
if (first !== 3) throw new Error(`wrong: ${first}`);
if (process.env.CLOSES) {
  pool.close();
  await pool.join();
}
