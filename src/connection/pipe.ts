import { assertOptions, assertOptionType } from '../contracts/options.ts';
import type { Connection } from './connection.ts';
import { HeapConnection } from './heap-connection.ts';
import { Pipe } from './pipe-object.ts';

/**
 * Makes a connection within the family: `[a, b]`, and each end receives what the other sends. With `duplex: false`, the first end only
 * receives and the second only sends. Pass an end to another process in `args`, through a queue or through another connection. Several
 * processes may use one end, one message at a time.
 *
 * A sender waits while 1024 messages, or 16 MiB of messages, are unread. An end is gone when every process that held it has closed it,
 * let it be collected, or ended. Therefore close your own copy of an end that you gave away.
 *
 * @example
 * import { pipe, Process } from 'multiproc';
 * import assert from 'node:assert';
 *
 * const [here, there] = pipe();
 * const p = new Process({
 *   target: async () => {
 *     for await (const n of there) await there.send(n * n);
 *   },
 * });
 * p.start();
 * there.close();
 * await here.send(12);
 * assert.equal(await here.recv(), 144);
 * here.close();
 * await p.join();
 */
// biome-ignore lint/suspicious/noExplicitAny: like a parsed text, a received value is what the other end made it.
export function pipe<T = any>(options: { duplex?: boolean | undefined } = {}): [Connection<T>, Connection<T>] {
  assertOptions(options, '{ duplex: false }');
  const { duplex = true } = options;
  assertOptionType('duplex', duplex, 'boolean');
  const made = new Pipe(duplex);
  return [HeapConnection.at<T>(made, 0), HeapConnection.at<T>(made, 1)];
}
