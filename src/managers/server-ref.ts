import type { ConnectionOptions } from 'node:tls';
import type { Address } from '../connection/address.ts';
import type { Connection } from '../connection/connection.ts';
import type { Returns } from './lease.ts';

/** How members of its family reach a server: through the heap. */
export interface Near {
  /** Where it takes the ends of pipes to new clients. It only receives; its other end is gone with the server. */
  readonly reception: Connection;
  readonly returns: Returns;
}

/** How everybody else does: through a socket. */
export interface Far {
  readonly address: Address;
  readonly authKey: Uint8Array | undefined;
  readonly tls: ConnectionOptions | undefined;
}

/** What whoever holds an object of a server knows of that server: the way to it. */
export interface ServerRef {
  /** Unique to it, in the whole world. */
  readonly identity: string;
  readonly near: Near | undefined;
  readonly far: Far | undefined;
}
