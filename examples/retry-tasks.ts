// A task that fails now and then, or whose worker dies, is run again; one that always fails tells why.
import { Pool, Queue } from 'multiproc';

await using pool = new Pool(2);
const attempts = new Queue<string>();

async function unreliable(page: string): Promise<string> {
  await attempts.put(page);
  if (attempts.qsize() === 1) throw new Error('connection reset');
  if (attempts.qsize() === 2) process.exit(1);
  return `${page}: fetched at attempt ${attempts.qsize()}`;
}

console.log(await pool.apply(unreliable, ['index.html'], { retries: 5 }));

const dies = () => process.exit(3);
await pool.apply(dies, [], { retries: 2 }).catch((error) => console.log(error.code, error.exitCode));
