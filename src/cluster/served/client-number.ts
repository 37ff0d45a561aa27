import type { Client } from '../../managers/client.ts';

const numbers = new WeakMap<Client, string>();
let last = 0;

/** Returns the number of a client in Redis, beside the id of its gateway. */
export function clientNumber(client: Client): string {
  let number = numbers.get(client);
  if (number === undefined) numbers.set(client, (number = String(++last)));
  return number;
}
