/** Files that programs share as memory: named segments, and parts of a file. */
export interface Files {
  /** The folder with the named segments of shared memory, which other programs open by name. */
  readonly segmentFolder: string;
  /** Reserves memory for the first `length` bytes of a file. Returns false if there is not enough. */
  reserve(fd: number, length: number): boolean;
  /** Takes a lock of the open file. Returns false if another program's lock forbids it. The lock ends with the last descriptor and mapping of the file, at the latest when the process dies. */
  tryLock(fd: number, way: 'shared' | 'exclusive'): boolean;
  /** Releases the lock while the file stays open or mapped. */
  unlock(fd: number): void;
  /** Maps `length` bytes of the file at `offset`, shared and writable. Returns the address. */
  map(fd: number, offset: number, length: number): bigint;
  /** Returns the `length` bytes at `address` as an ArrayBuffer: a window on the memory itself, not a copy. */
  view(address: bigint, length: number): ArrayBuffer;
  /** Replaces a mapping by private, empty memory: the file is released, and views of the mapping read zeros. */
  blank(address: bigint, length: number): void;
  /** Removes a mapping: no view of it may be read any more. */
  unmap(address: bigint, length: number): void;
}
