import type { Server, Socket } from 'node:net';

/**
 * Returns the descriptor of a socket or server of `node:net`, -1 if it has none: over TLS, on Windows, and after its end. Node does not
 * document it, and has had it since its beginnings.
 */
export function descriptorOf(socket: Socket | Server): number {
  return (socket as unknown as { _handle?: { fd?: number } | null })._handle?.fd ?? -1;
}

/** Returns the descriptor with which a connected socket is read and written without the event loop. Returns -1 if there is none: over TLS, and in Deno, which does not read descriptors that it has not opened by name. */
export function directDescriptorOf(socket: Socket): number {
  return 'encrypted' in socket || process.versions.deno !== undefined ? -1 : descriptorOf(socket);
}
