import { fs } from '../builtins.ts';
import { awaitDescriptor } from '../memory/await-descriptor.ts';

/**
 * Has what this thread prints go to the descriptors of its process at once. Node would pass it to the event loop of the thread
 * that started this one, which may be blocked, and much of it is lost when a thread is ended.
 */
export function useOwnOutput(): void {
  for (const [name, fd] of [
    ['stdout', 1],
    ['stderr', 2],
  ] as const) {
    let stream: unknown;
    Object.defineProperty(process, name, {
      configurable: true,
      enumerable: true,
      get: () => {
        stream ??= openOutput(fd);
        return stream;
      },
    });
  }
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
  for (let done = 0; done < chunk.length; ) {
    try {
      done += fs.writeSync(fd, chunk, done);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      // Somebody has made the pipe non-blocking, and its reader is slow.
      awaitDescriptor(fd, 'write', Number.POSITIVE_INFINITY);
    }
  }
}
