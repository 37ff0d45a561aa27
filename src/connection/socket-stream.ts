import type { Socket } from 'node:net';
import { clearTimeout, fs, setTimeout } from '../builtins.ts';
import { StateError } from '../errors.ts';
import { awaitDescriptor } from '../memory/await-descriptor.ts';
import { sockets } from '../platform/choose.ts';
import { directDescriptorOf } from '../platform/socket-descriptor.ts';

/** Milliseconds that a closed TCP connection still reads what comes when all is out, lest the system throw away what it has sent. */
const LINGER = 1000;
const CHUNK_BYTES = 2 ** 16;

let scratch: Uint8Array | undefined;

/**
 * The bytes of a connected socket: read and written at once as far as that goes, or when the event loop says so. What has been read
 * by the event loop, and what by a direct call, comes in its order, since each call first takes what the stream holds.
 */
export class SocketStream {
  readonly #socket: Socket;
  readonly #isTcp: boolean;
  /** The descriptor; -1 of TLS, whose bytes are not the messages', and where the system gives none. Without it there are no Sync calls. */
  readonly #fd: number;
  /** How often the thread has been blocked since something was read or written. */
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

  /** True while an earlier write is in the event loop's hands. */
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

  /** The descriptor, for another process to have too: to close this one says nothing to the other end. */
  share(): number {
    this.#isShared = true;
    return this.#fd;
  }

  /** Whether it keeps the program alive. */
  hold(keep: boolean): void {
    if (keep) this.#socket.ref();
    else this.#socket.unref();
  }

  /** Whether the event loop reads. */
  flow(on: boolean): void {
    if (this.#socket.isPaused() !== on) return;
    if (on) this.#socket.resume();
    else this.#socket.pause();
  }

  /** Gives what the stream holds as its 'data'; false if it holds nothing. */
  giveHeld(): boolean {
    if (this.#socket.readableLength === 0) return false;
    this.#socket.read();
    return true;
  }

  /**
   * Reads without waiting, into `target` or, where that is small, into a place of its own: the bytes. `undefined` if there are
   * none now; none at all at the end. The stream must hold nothing.
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

  /** Writes from the byte `from` of `bytes` on without waiting; answers how many it wrote, 0 if none now. */
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

  /** Has the event loop write the pieces, and calls back when the system has them. */
  writeLater(pieces: readonly Uint8Array[], done: (error: Error | null | undefined) => void): void {
    this.#socket.cork();
    for (const [i, piece] of pieces.entries()) {
      if (i === pieces.length - 1) this.#socket.write(piece, done);
      else this.#socket.write(piece);
    }
    this.#socket.uncork();
  }

  /** Blocks the thread until something can be read or written; false when the time is over. */
  awaitReady(what: 'read' | 'write', timeout: number): boolean {
    return awaitDescriptor(this.fd, what, timeout, this.#tries++);
  }

  /** Closes it, after what is on its way. */
  close(): void {
    const { isBusy } = this;
    // What is on its way keeps the program alive until it is out.
    if (isBusy) this.#socket.ref();
    if (this.#isShared || !this.#isTcp) {
      if (isBusy) this.#socket.destroySoon();
      else this.#socket.destroy();
      return;
    }
    // At once, since the thread may be about to block; and with somebody to read what still comes: TCP throws away what it has
    // sent, if it is closed with something unread.
    if (!isBusy && this.isDirect && !this.#socket.destroyed) sockets().endWriting(this.#fd);
    let timer: NodeJS.Timeout | undefined;
    // The time begins when all is out, which is the other end's to decide.
    this.#socket.once('finish', () => {
      timer = setTimeout(() => this.#socket.destroy(), LINGER).unref();
    });
    this.#socket.once('close', () => clearTimeout(timer));
    this.#socket.end();
    this.#socket.resume();
  }

  /** Closes it at once: what is on its way is torn. */
  destroy(): void {
    this.#socket.destroy();
  }
}
