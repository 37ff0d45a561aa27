import { names, record } from './checks';

async function main(): Promise<void> {
  for (const name of names) await record(name);
}

void main();
