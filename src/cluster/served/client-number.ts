import type { Client } from '../../managers/client.ts';

const numbers = new WeakMap<Client, string>();
let last = 0;

/** What a client is called in Redis, beside its gateway. */
export function clientNumber(client: Client): string {
  let number = numbers.get(client);
  if (number === undefined) numbers.set(client, (number = String(++last)));
  return number;
}
