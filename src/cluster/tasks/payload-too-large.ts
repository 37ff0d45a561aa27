import { ClusterError } from '../../contracts/errors.ts';

/** The error of something that has more bytes than `maxPayload` allows. */
export function payloadTooLarge(what: string, bytes: number, most: number): ClusterError {
  return new ClusterError(
    `${what} has ${bytes} bytes as a message, and maxPayload of the cluster is ${most}: nothing of it was sent. Send the place where the data can be read, use a smaller chunksize, or give { cluster: { maxPayload } }.`,
    'ERR_TOO_LARGE',
  );
}
