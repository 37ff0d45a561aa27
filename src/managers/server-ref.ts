import type { ConnectionOptions } from 'node:tls';
import type { Address } from '../connection/address.ts';
import type { Connection } from '../connection/connection.ts';
import type { Returns } from './lease.ts';

/** How members of its family reach a server: through the heap. */
export interface Near {
  /**
   * The connection through which the server receives the ends of pipes to new clients. This side only receives; its other end is gone
   * with the server.
   */
  readonly connectEnd: Connection;
  readonly returns: Returns;
}

/** How other programs reach a server: through a socket. */
export interface Far {
  readonly address: Address;
  readonly authKey: Uint8Array | undefined;
  readonly tls: ConnectionOptions | undefined;
}

/** The way to a server, which every holder of one of its objects has. */
export interface ServerRef {
  /** Unique to the server, across all machines. */
  readonly identity: string;
  readonly near: Near | undefined;
  readonly far: Far | undefined;
}
