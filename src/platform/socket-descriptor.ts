import type { Server, Socket } from 'node:net';

/**
 * Returns the descriptor of a socket or server of `node:net`, -1 where it has none: over TLS, on Windows, and after its end. Node does not
 * document it, and has had it since its beginnings.
 */
export function descriptorOf(socket: Socket | Server): number {
  return (socket as unknown as { _handle?: { fd?: number } | null })._handle?.fd ?? -1;
}
