import type { Server, Socket } from 'node:net';

/**
 * Returns the descriptor of a socket or server of `node:net`, -1 where it has none: over TLS, on Windows, and after its end. Node does not
 * document it, and has had it since its beginnings.
 */
export function descriptorOf(socket: Socket | Server): number {
  return (socket as unknown as { _handle?: { fd?: number } | null })._handle?.fd ?? -1;
}

/** The descriptor by which the bytes of a connected socket can be read and written without the event loop; -1 where there is none, as over TLS, and in Deno, which reads no descriptor that it has not opened by its name. */
export function directDescriptorOf(socket: Socket): number {
  return 'encrypted' in socket || process.versions.deno !== undefined ? -1 : descriptorOf(socket);
}
