import type { Files } from './files.ts';
import { type Memory, type MemoryPass, PIECE_BYTES, WINDOW_BYTES } from './memory.ts';

/** Address space, not memory: as far as 32 bits reach that count granules of 64 bytes. */
const FILE_BYTES = 2 ** 38;

/** The calls of a system that maps files; what wakes does not throw. */
export interface MappingCalls extends Pick<Files, 'map' | 'unmap' | 'view'> {
  /** Makes an anonymous sparse file of `bytes` and answers its descriptor; the kernel frees it with its last user. */
  createSparseFile(bytes: number): number;
  /** Copies all of `bytes` to `address`. */
  copyIn(address: bigint, bytes: Uint8Array): void;
  /** Copies `bytes.length` bytes from `address` into `bytes`. */
  copyOut(address: bigint, bytes: Uint8Array): void;
  /** Whether the bytes at `address` are these. */
  isAt(address: bigint, bytes: Uint8Array): boolean;
  /** Gives the memory behind these bytes of the file back; they read as zero afterwards. False where the system cannot: they are as they were. */
  punchHole(fd: number, offset: number, length: number): boolean;
  /** Sleeps while the 32-bit word at `address` holds `expected`, `timeout` milliseconds at most; may return for no reason. */
  futexWait(address: bigint, expected: number, timeout: number): void;
  /** Wakes up to `count` sleepers of any process at `address`; answers how many it woke. */
  futexWake(address: bigint, count: number): number;
}

/** One sparse file, mapped piece by piece as it is used. */
export class MappedMemory implements Memory {
  readonly bytes = FILE_BYTES;
  readonly hasOwnBuffers = true;
  readonly pass: Required<Pick<MemoryPass, 'file' | 'mappings'>>;
  readonly #calls: MappingCalls;

  /** Without a pass the memory is new. A thread is given the mappings of its process. */
  constructor(calls: MappingCalls, pass?: MemoryPass) {
    this.#calls = calls;
    this.pass = {
      file: pass?.file ?? calls.createSparseFile(FILE_BYTES),
      // Where the pieces are mapped, 0 where they are not yet; written by whoever maps one first.
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

  /** The address of the byte at `offset` in this process. */
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
