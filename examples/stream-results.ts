// Results as a stream: the input has no end, and no more than the buffer holds is ever read ahead.
import { Pool } from 'multiproc';

async function* numbers() {
  try {
    for (let n = 2; ; n++) yield n;
  } finally {
    console.log('The input was told to stop.');
  }
}

function isPrime(n: number): boolean {
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
  return true;
}

await using pool = new Pool();
let primes = 0;
let n = 1;
for await (const prime of pool.imap(isPrime, numbers(), { chunksize: 50 })) {
  n++;
  if (!prime) continue;
  console.log(n);
  if (++primes === 10) break;
}
