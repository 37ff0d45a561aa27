import { setStartMethod } from 'multiproc';
import { names, record } from './checks';

async function main(): Promise<void> {
  if (process.env.THREADS) setStartMethod('thread');
  for (const name of names) await record(name);
}

void main();
