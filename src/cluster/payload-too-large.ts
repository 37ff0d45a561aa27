import { ClusterError } from '../contracts/errors.ts';

/** Bytes that a server stores as one text: 512 MiB, less what a script packs around it. */
const MOST_OF_SERVER = 2 ** 29 - 2 ** 20;

/** The error of something of a task that has more bytes than `maxPayload` allows. */
export function payloadTooLarge(what: string, bytes: number, most: number): ClusterError {
  const limit = `maxPayload of the cluster is ${most}`;
  return tooLarge(what, bytes, limit, 'use a smaller chunksize, or give { cluster: { maxPayload } }');
}

/** Throws if what one call gives to an object has more bytes than `maxPayload`, or a server, allows. */
export function assertStorable(what: string, bytes: number, maxPayload: number): void {
  if (bytes <= Math.min(maxPayload, MOST_OF_SERVER)) return;
  if (maxPayload <= MOST_OF_SERVER) {
    const advice = 'divide the data, or give { maxPayload } to the Cluster';
    throw tooLarge(what, bytes, `maxPayload of the cluster is ${maxPayload}`, advice);
  }
  throw tooLarge(what, bytes, `a server stores ${MOST_OF_SERVER} at most`, 'or divide the data');
}

function tooLarge(what: string, bytes: number, limit: string, advice: string): ClusterError {
  return new ClusterError(
    `${what} has ${bytes} bytes as a message, and ${limit}: nothing of it was sent. Send the place where the data can be read, ${advice}.`,
    'ERR_TOO_LARGE',
  );
}
