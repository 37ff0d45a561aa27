import { PlatformError } from '../contracts/errors.ts';
import { type Memory, type MemoryPass, WINDOW_BYTES } from './memory.ts';

/** The sizes that a growable buffer may reach in V8: 64 GiB, in Node 20 at most 4 GiB; less if there is not enough address space. */
const MOST = [2 ** 36, 2 ** 32, 2 ** 31, 2 ** 30, 2 ** 29];
/** The part of the address space that memory takes at most. V8 needs the rest: half a gigabyte for each thread. */
const SHARE = 1 / 4;

/** The memory of the threads of one program: a SharedArrayBuffer that grows by windows. It knows nothing of the system. */
export class PortableMemory implements Memory {
  readonly bytes: number;
  readonly pass: Required<Pick<MemoryPass, 'buffer'>>;
  readonly hasOwnBuffers = false;
  readonly #buffer: SharedArrayBuffer;
  readonly #windows: Int32Array[] = [];

  /** Makes new memory if there is no pass. `room` returns how much address space the program may have. */
  constructor(pass: MemoryPass | undefined, room: () => number) {
    this.#buffer = pass?.buffer ?? makeBuffer(room() * SHARE);
    this.pass = { buffer: this.#buffer };
    this.bytes = this.#buffer.maxByteLength;
  }

  window(index: number): Int32Array {
    let window = this.#windows[index];
    if (window === undefined) {
      this.reach((index + 1) * WINDOW_BYTES);
      // Of a fixed length, so that V8 treats it as an ordinary array.
      window = new Int32Array(this.#buffer, index * WINDOW_BYTES, WINDOW_BYTES / 4);
      this.#windows[index] = window;
    }
    return window;
  }

  reach(end: number): void {
    const wanted = Math.ceil(end / WINDOW_BYTES) * WINDOW_BYTES;
    while (this.#buffer.byteLength < wanted) {
      try {
        this.#buffer.grow(wanted);
      } catch (cause) {
        // Another thread may have been quicker, and may have grown it further.
        if (this.#buffer.byteLength >= wanted) return;
        throw new PlatformError(`The shared memory of this program could not grow to ${wanted / 2 ** 20} MiB.`, {
          cause,
        });
      }
    }
  }

  view(offset: number, length: number): Uint8Array {
    return new Uint8Array(this.#buffer, offset, length);
  }

  show(offset: number): { buffer: ArrayBufferLike; start: number } {
    // One more object for the same memory: views of it keep this object alive, and no other.
    return { buffer: structuredClone(this.#buffer), start: offset };
  }

  copyIn(offset: number, bytes: Uint8Array): void {
    this.view(offset, bytes.byteLength).set(bytes);
  }

  copyOut(offset: number, into: Uint8Array): void {
    into.set(this.view(offset, into.byteLength));
  }

  isAt(offset: number, bytes: Uint8Array): boolean {
    return Buffer.compare(this.view(offset, bytes.byteLength), bytes) === 0;
  }

  /** Returns false: the memory stays with the program. */
  giveBack(): boolean {
    return false;
  }

  sleep(offset: number, expected: number, timeout: number): void {
    Atomics.wait(this.#windowOf(offset), indexIn(offset), expected, timeout);
  }

  wake(offset: number): boolean {
    // Wakes all, because an event loop may wait at the same word as its blocked thread.
    return Atomics.notify(this.#windowOf(offset), indexIn(offset)) > 0;
  }

  #windowOf(offset: number): Int32Array {
    return this.window(Math.floor(offset / WINDOW_BYTES));
  }
}

function indexIn(offset: number): number {
  return (offset % WINDOW_BYTES) >>> 2;
}

function makeBuffer(most: number): SharedArrayBuffer {
  let cause: unknown;
  for (const maxByteLength of MOST) {
    if (maxByteLength > most) continue;
    try {
      return new SharedArrayBuffer(WINDOW_BYTES, { maxByteLength });
    } catch (error) {
      cause = error;
    }
  }
  throw new PlatformError(
    `There is not enough address space for the shared memory of this program, which takes a quarter of it, 512 MiB at the least: allow 2 GiB or more (ulimit -v).`,
    { cause },
  );
}
