import { names, record } from '../../checks';

/** A route handler that uses pools and processes. */
export async function POST(): Promise<Response> {
  for (const name of names) await record(name);
  return new Response('done');
}
