import type { Files } from './files.ts';
import { type Memory, type MemoryPass, PIECE_BYTES, WINDOW_BYTES } from './memory.ts';

/** The size of the address space, not of memory: 2 ** 32 granules of 64 bytes. */
export const FILE_BYTES = 2 ** 38;

/** The calls of a system that maps files. The calls that wake do not throw. */
export interface MappingCalls extends Pick<Files, 'map' | 'unmap' | 'view'> {
  /** Makes an anonymous sparse file of `bytes` bytes and returns its descriptor. The kernel frees it with its last user. */
  createSparseFile(bytes: number): number;
  /** Copies all of `bytes` to `address`. */
  copyIn(address: bigint, bytes: Uint8Array): void;
  /** Copies `bytes.length` bytes from `address` into `bytes`. */
  copyOut(address: bigint, bytes: Uint8Array): void;
  /** Returns true if the bytes at `address` are equal to these. */
  isAt(address: bigint, bytes: Uint8Array): boolean;
  /** Gives the memory of these bytes of the file back; they read as zero afterwards. Returns false, with nothing changed, if the system cannot. */
  punchHole(fd: number, offset: number, length: number): boolean;
  /** Sleeps while the 32-bit word at `address` is `expected`, at most `timeout` milliseconds. May return without a reason. */
  futexWait(address: bigint, expected: number, timeout: number): void;
  /** Wakes up to `count` sleepers of any process at `address`. Returns how many it woke. */
  futexWake(address: bigint, count: number): number;
}

/** One sparse file, mapped piece by piece as it is used. */
export class MappedMemory implements Memory {
  readonly bytes = FILE_BYTES;
  readonly hasOwnBuffers = true;
  readonly pass: Required<Pick<MemoryPass, 'file' | 'mappings'>>;
  readonly #calls: MappingCalls;

  /** Makes new memory if there is no pass. A thread uses the mappings of its process. */
  constructor(calls: MappingCalls, pass?: MemoryPass) {
    this.#calls = calls;
    this.pass = {
      file: pass?.file ?? calls.createSparseFile(FILE_BYTES),
      // The addresses of the pieces, 0 if a piece is not mapped yet; written by the thread that maps it first.
      mappings: pass?.mappings ?? new BigInt64Array(new SharedArrayBuffer((FILE_BYTES / PIECE_BYTES) * 8)),
    };
  }

  window(index: number): Int32Array {
    return new Int32Array(this.#calls.view(this.#address(index * WINDOW_BYTES), WINDOW_BYTES));
  }

  view(offset: number, length: number): Uint8Array {
    return new Uint8Array(this.#calls.view(this.#address(offset), length));
  }

  /** Each piece is mapped as it is used. */
  reach(): void {}

  show(offset: number, length: number): { buffer: ArrayBufferLike; start: number } {
    return { buffer: this.#calls.view(this.#address(offset), length), start: 0 };
  }

  copyIn(offset: number, bytes: Uint8Array): void {
    this.#calls.copyIn(this.#address(offset), bytes);
  }

  copyOut(offset: number, into: Uint8Array): void {
    this.#calls.copyOut(this.#address(offset), into);
  }

  isAt(offset: number, bytes: Uint8Array): boolean {
    return this.#calls.isAt(this.#address(offset), bytes);
  }

  giveBack(offset: number, length: number): boolean {
    return this.#calls.punchHole(this.pass.file, offset, length);
  }

  sleep(offset: number, expected: number, timeout: number): void {
    this.#calls.futexWait(this.#address(offset), expected, timeout);
  }

  wake(offset: number): boolean {
    return this.#calls.futexWake(this.#address(offset), 1) > 0;
  }

  /** Returns the address of the byte at `offset` in this process. */
  #address(offset: number): bigint {
    const index = Math.floor(offset / PIECE_BYTES);
    let start = Atomics.load(this.pass.mappings, index);
    if (start === 0n) start = this.#map(index);
    return start + BigInt(offset - index * PIECE_BYTES);
  }

  #map(index: number): bigint {
    const start = this.#calls.map(this.pass.file, index * PIECE_BYTES, PIECE_BYTES);
    const others = Atomics.compareExchange(this.pass.mappings, index, 0n, start);
    if (others === 0n) return start;
    // Another thread was quicker.
    this.#calls.unmap(start, PIECE_BYTES);
    return others;
  }
}
