import type { Socket } from 'node:net';
import { StateError } from '../contracts/errors.ts';
import { clearTimeout, fs, setTimeout } from '../engine/builtins.ts';
import { awaitDescriptor } from '../memory/await-descriptor.ts';
import { sockets } from '../platform/choose.ts';
import { directDescriptorOf } from '../platform/socket-descriptor.ts';

/**
 * Milliseconds for which a closed TCP connection still reads when all bytes are written, so that the system does not drop the bytes that
 * it has sent.
 */
const LINGER = 1000;
const CHUNK_BYTES = 2 ** 16;

let scratch: Uint8Array | undefined;

/**
 * The bytes of a connected socket, read and written directly as far as possible, otherwise by the event loop. Bytes that the event loop
 * has read and bytes of a direct call stay in order, because each call first takes the bytes that the stream holds.
 */
export class SocketStream {
  readonly #socket: Socket;
  readonly #isTcp: boolean;
  /**
   * The descriptor; -1 for TLS, whose bytes are not those of the messages, and where the system gives none. Without it there are no Sync
   * calls.
   */
  readonly #fd: number;
  /** The number of times that the thread was blocked since bytes were read or written. */
  #tries = 0;
  #isShared = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#isTcp = socket.remoteAddress !== undefined;
    this.#fd = directDescriptorOf(socket);
  }

  /** True if it can be read and written without the event loop. */
  get isDirect(): boolean {
    return this.#fd !== -1;
  }

  /** True while the event loop still handles an earlier write. */
  get isBusy(): boolean {
    return this.#socket.writableLength > 0;
  }

  /** The descriptor for a call that blocks the thread. */
  get fd(): number {
    if (this.#fd !== -1) return this.#fd;
    throw new StateError(
      'encrypted' in this.#socket
        ? 'The Sync calls do not work over TLS, which needs the event loop: await the others.'
        : `The Sync calls of a socket need its descriptor, which ${process.versions.deno ? 'Deno' : 'this system'} does not give: await the others.`,
    );
  }

  /** Returns the descriptor, which another process then has too: closing this one does not tell the other end. */
  share(): number {
    this.#isShared = true;
    return this.#fd;
  }

  /** Decides whether it keeps the program alive. */
  keepAlive(keep: boolean): void {
    if (keep) this.#socket.ref();
    else this.#socket.unref();
  }

  /** Decides whether the event loop reads. */
  flow(on: boolean): void {
    if (this.#socket.isPaused() !== on) return;
    if (on) this.#socket.resume();
    else this.#socket.pause();
  }

  /** Emits the bytes that the stream holds as 'data'; returns false if it holds none. */
  giveHeld(): boolean {
    if (this.#socket.readableLength === 0) return false;
    this.#socket.read();
    return true;
  }

  /**
   * Reads without waiting, into `target` or, if that is small, into a buffer of its own; returns the bytes. Returns `undefined` if there
   * are none now, and no bytes at the end. The stream must hold no bytes.
   */
  readNow(target: Uint8Array): Uint8Array | undefined {
    if (this.#fd === -1 || this.#socket.destroyed) return undefined;
    scratch ??= new Uint8Array(CHUNK_BYTES);
    const into = target.length >= CHUNK_BYTES ? target : scratch;
    try {
      const bytes = into.subarray(0, fs.readSync(this.#fd, into, 0, Math.min(into.length, 2 ** 30), null));
      this.#tries = 0;
      return bytes;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
      throw error;
    }
  }

  /** Writes from byte `from` of `bytes` on without waiting; returns the number of written bytes, 0 if none can be written now. */
  writeNow(bytes: Uint8Array, from: number): number {
    if (this.#fd === -1 || this.#socket.destroyed) return 0;
    try {
      const count = fs.writeSync(this.#fd, bytes, from, Math.min(bytes.length - from, 2 ** 30));
      this.#tries = 0;
      return count;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
      throw error;
    }
  }

  /** Lets the event loop write the pieces; calls back when the system has them. */
  writeLater(pieces: readonly Uint8Array[], done: (error: Error | null | undefined) => void): void {
    this.#socket.cork();
    for (const [i, piece] of pieces.entries()) {
      if (i === pieces.length - 1) this.#socket.write(piece, done);
      else this.#socket.write(piece);
    }
    this.#socket.uncork();
  }

  /** Blocks the thread until something can be read or written; returns false after the time-out. */
  awaitReady(what: 'read' | 'write', timeout: number): boolean {
    return awaitDescriptor(this.fd, what, timeout, this.#tries++);
  }

  /** Closes the socket, after the bytes that are being written. */
  close(): void {
    const { isBusy } = this;
    // The bytes that are being written keep the program alive until they are out.
    if (isBusy) this.#socket.ref();
    if (this.#isShared || !this.#isTcp) {
      if (isBusy) this.#socket.destroySoon();
      else this.#socket.destroy();
      return;
    }
    // At once, because the thread may be about to block. Something must read the bytes that still come: TCP drops bytes that it has sent
    // if it is closed with unread bytes.
    if (!isBusy && this.isDirect && !this.#socket.destroyed) sockets().endWriting(this.#fd);
    let timer: NodeJS.Timeout | undefined;
    // The time begins when all bytes are out, which depends on the other end.
    this.#socket.once('finish', () => {
      timer = setTimeout(() => this.#socket.destroy(), LINGER).unref();
    });
    this.#socket.once('close', () => clearTimeout(timer));
    this.#socket.end();
    this.#socket.resume();
  }

  /** Closes the socket at once: a message that is being written is torn. */
  destroy(): void {
    this.#socket.destroy();
  }
}
