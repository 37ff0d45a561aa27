/** Files that programs share as memory: named segments, and parts of a file that are shown alone. */
export interface Files {
  /** The folder whose files are the named segments of shared memory, which other programs open by name. */
  readonly segmentFolder: string;
  /** Makes sure that there is memory behind the first `length` bytes of a file; false where there is not enough. */
  reserve(fd: number, length: number): boolean;
  /** Takes a lock of the open file, false if others' locks forbid it. It ends with the last descriptor and mapping, at the latest when the process dies. */
  tryLock(fd: number, way: 'shared' | 'exclusive'): boolean;
  /** Gives the lock up while the file stays open or mapped. */
  unlock(fd: number): void;
  /** Maps `length` bytes of the file at `offset` shared and writable; answers the address. */
  map(fd: number, offset: number, length: number): bigint;
  /** The `length` bytes at `address` as an ArrayBuffer: a window on the memory itself, not a copy. */
  view(address: bigint, length: number): ArrayBuffer;
  /** Puts private, empty memory where a mapping was: its file is let go of, and whoever still looks there reads zeros. */
  blank(address: bigint, length: number): void;
  /** Takes a mapping away: nobody may look there any more. */
  unmap(address: bigint, length: number): void;
}
