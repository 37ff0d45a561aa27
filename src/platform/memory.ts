/** What another member is given, so that it sees the same memory. */
export interface MemoryPass {
  /** The descriptor of a file that is the memory, in the process that uses the pass. */
  readonly file?: number;
  /** Where the threads of one process have mapped the file, piece by piece. */
  readonly mappings?: BigInt64Array<SharedArrayBuffer>;
  /** The memory itself, of threads of one program. */
  readonly buffer?: SharedArrayBuffer;
}

/** One window of 32-bit words. V8 counts a whole window as memory of the program, and collects garbage as soon as that comes to 64 MiB. */
export const WINDOW_BYTES: number = 2 ** 24;
/** Nothing that is looked at as a whole may cross a border of a piece; Node 20 aborts on views of more than 2 GiB. */
export const PIECE_BYTES: number = 2 ** 30;

/**
 * The memory that a family shares, as one thread sees it: all zero at first, addressed by offsets. What has no room for more, or
 * cannot show a part of itself, throws a `PlatformError` and has changed nothing.
 */
export interface Memory {
  /** How many bytes can be addressed; what was never written takes no memory. */
  readonly bytes: number;
  /** What other members are given. */
  readonly pass: MemoryPass;
  /** True where `show` makes an ArrayBuffer of these bytes and no others. */
  readonly hasOwnBuffers: boolean;
  /** The words of the window with this index: from `index * WINDOW_BYTES` on. */
  window(index: number): Int32Array;
  /** Has all bytes before `end` be there to be used. */
  reach(end: number): void;
  /** Exactly these bytes, within one piece. */
  view(offset: number, length: number): Uint8Array;
  /**
   * A buffer object that nobody else has, and where these bytes begin in it: for views that are given to users. As long as somebody has one of
   * them, the buffer object is not collected.
   */
  show(offset: number, length: number): { readonly buffer: ArrayBufferLike; readonly start: number };
  /** Copies all of `bytes` to `offset`. */
  copyIn(offset: number, bytes: Uint8Array): void;
  /** Copies from `offset` on, until `into` is full. */
  copyOut(offset: number, into: Uint8Array): void;
  /** Whether the bytes at `offset` are these. */
  isAt(offset: number, bytes: Uint8Array): boolean;
  /** Gives the memory behind these bytes back to the system; they read as zero afterwards. False where that cannot be: they are as they were. */
  giveBack(offset: number, length: number): boolean;
  /** Sleeps while the word at `offset` holds `expected`, `timeout` milliseconds at most; may return for no reason. */
  sleep(offset: number, expected: number, timeout: number): void;
  /** Wakes a member that sleeps at the word; false if there was none. */
  wake(offset: number): boolean;
}
