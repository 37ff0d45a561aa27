/** What another member needs to see the same memory. */
export interface MemoryPass {
  /** The descriptor of the file with the memory, in the process that uses the pass. */
  readonly file?: number;
  /** The addresses at which the threads of one process have mapped the file, piece by piece. */
  readonly mappings?: BigInt64Array<SharedArrayBuffer>;
  /** The memory itself, for threads of one program. */
  readonly buffer?: SharedArrayBuffer;
}

/** The size of one window of 32-bit words. V8 counts a whole window as memory of the program, and collects garbage when that reaches 64 MiB. */
export const WINDOW_BYTES: number = 2 ** 24;
/** The size of a piece. No view may cross the border of a piece; Node 20 aborts on views of more than 2 GiB. */
export const PIECE_BYTES: number = 2 ** 30;

/**
 * The memory that a family shares, as one thread sees it: all zero at first, addressed by offsets. A call that finds no room, or
 * cannot show a part, throws a `PlatformError` and changes nothing.
 */
export interface Memory {
  /** The number of bytes that can be addressed. Bytes that were never written take no memory. */
  readonly bytes: number;
  /** The pass for other members. */
  readonly pass: MemoryPass;
  /** True if `show` makes an ArrayBuffer of exactly the bytes that were asked for. */
  readonly hasOwnBuffers: boolean;
  /** Returns the words of the window with this index, which begins at `index * WINDOW_BYTES`. */
  window(index: number): Int32Array;
  /** Makes all bytes before `end` usable. */
  reach(end: number): void;
  /** Returns exactly these bytes, which lie within one piece. */
  view(offset: number, length: number): Uint8Array;
  /**
   * Returns a new buffer object, and where these bytes begin in it: for views that are given to users. As long as any of
   * the views exists, the buffer object is not collected.
   */
  show(offset: number, length: number): { readonly buffer: ArrayBufferLike; readonly start: number };
  /** Copies all of `bytes` to `offset`. */
  copyIn(offset: number, bytes: Uint8Array): void;
  /** Copies from `offset` on, until `into` is full. */
  copyOut(offset: number, into: Uint8Array): void;
  /** Returns true if the bytes at `offset` are equal to these. */
  isAt(offset: number, bytes: Uint8Array): boolean;
  /** Gives the memory of these bytes back to the system; they read as zero afterwards. Returns false, with nothing changed, if that is not possible. */
  giveBack(offset: number, length: number): boolean;
  /** Sleeps while the word at `offset` is `expected`, at most `timeout` milliseconds. May return without a reason. */
  sleep(offset: number, expected: number, timeout: number): void;
  /** Wakes a member that sleeps at the word. Returns false if there was none. */
  wake(offset: number): boolean;
}
