import { fs } from '../engine/builtins.ts';
import { awaitDescriptor } from '../memory/await-descriptor.ts';

const outputs = [
  ['stdout', 1],
  ['stderr', 2],
] as const;

/**
 * Writes everything that this thread prints to the descriptors of its process at once. Node would pass it to the event loop of the parent
 * thread, which may be blocked, and much of it is lost when a thread is ended.
 */
export function useOwnOutput(): void {
  for (const [name, fd] of outputs) {
    const ofNode: object = process[name];
    define(name, () => answeringFor(ofNode, openOutput(fd)));
  }
}

/** Gives the new stream the methods of Node's own stream that stand under symbols: Node calls one to acknowledge what its own stream has printed before. */
function answeringFor(ofNode: object, stream: NodeJS.WritableStream): NodeJS.WritableStream {
  for (const key of Object.getOwnPropertySymbols(Object.getPrototypeOf(ofNode))) {
    const method: unknown = Reflect.get(ofNode, key);
    if (typeof method !== 'function' || key in stream) continue;
    Object.defineProperty(stream, key, { value: method.bind(ofNode) });
  }
  return stream;
}

/**
 * Writes everything that this process prints into a pipe or a socket before the call returns. Node would buffer what a slow reader has no
 * room for, and lose it when the process ends by `process.exit()`, as workers do.
 */
export function writeAtOnce(): void {
  for (const [name, fd] of outputs) {
    const ofNode = Object.getOwnPropertyDescriptor(process, name)?.get;
    if (ofNode !== undefined) define(name, () => (isStream(fd) ? openOutput(fd) : ofNode.call(process)));
  }
}

function define(name: string, open: () => NodeJS.WritableStream): void {
  let stream: NodeJS.WritableStream | undefined;
  Object.defineProperty(process, name, {
    configurable: true,
    enumerable: true,
    get: () => {
      stream ??= open();
      return stream;
    },
  });
}

function isStream(fd: number): boolean {
  const stat = fs.fstatSync(fd, { bigint: true });
  return stat.isFIFO() || stat.isSocket();
}

function openOutput(fd: number): NodeJS.WritableStream {
  const { Writable } = process.getBuiltinModule('node:stream');
  const stream = new Writable({
    decodeStrings: true,
    write(chunk: Uint8Array, _encoding, done) {
      try {
        writeAll(fd, chunk);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
  return Object.assign(stream, { fd, isTTY: process.getBuiltinModule('node:tty').isatty(fd) });
}

function writeAll(fd: number, chunk: Uint8Array): void {
  let tries = 0;
  for (let done = 0; done < chunk.length; ) {
    try {
      done += fs.writeSync(fd, chunk, done);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      // Another process has made the pipe non-blocking, and its reader is slow.
      awaitDescriptor(fd, 'write', Number.POSITIVE_INFINITY, tries++);
    }
  }
}
