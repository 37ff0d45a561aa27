import { closedError } from '../memory/shared-object.ts';
import { assertOptionType } from '../options.ts';
import { Segment } from './segment.ts';

/** What a new segment is to be. */
export interface SharedMemoryOptions {
  /** Bytes; 1 at least. */
  readonly size: number;
  /** How others find it: one free of slashes, of at most 255 bytes. A new one if left out. */
  readonly name?: string | undefined;
  /** It stays when this program has ended, until somebody calls `unlink()`; false if left out. */
  readonly persist?: boolean | undefined;
}

/** The segment of a shared memory, for those who send it; a `ClosedError` where it is closed. */
export let segmentOf: (memory: SharedMemory) => Segment;
/** The shared memory of a segment. */
export function ofSegment(segment: Segment): SharedMemory {
  // Only here is it made: users have `create` and `attach`.
  return Reflect.construct(SharedMemory, [segment]) as SharedMemory;
}

/**
 * A block of memory with a name, which any program of the same user can attach to, Python's `SharedMemory(name)` included.
 *
 * `close()` is for this process, `unlink()` for the name: when both have happened everywhere, the memory is free. The segments of
 * a process that was killed are removed when any program next makes or attaches one; those of one that ends by itself are
 * removed with the root of its family. Nothing is locked. Within a family a `SharedArray` needs no name and no `unlink()`.
 *
 * @example
 * import { SharedMemory } from 'multiproc/shared-memory';
 * import assert from 'node:assert';
 *
 * using mine = SharedMemory.create({ size: 16 });
 * using theirs = SharedMemory.attach(mine.name); // as another program would
 * mine.buffer[0] = 42;
 * assert.equal(theirs.buffer[0], 42);
 * mine.unlink();
 */
export class SharedMemory {
  static {
    // Friends of the class, kept off its public face.
    segmentOf = (memory) => {
      memory.#assertOpen();
      return memory.#segment;
    };
  }

  readonly #segment: Segment;
  #bytes: Uint8Array<ArrayBuffer> | undefined;

  private constructor(segment: Segment) {
    if (!(segment instanceof Segment)) {
      throw new TypeError('Make it with SharedMemory.create({ size }), or find it with SharedMemory.attach(name).');
    }
    this.#segment = segment;
    this.#bytes = new Uint8Array(segment.buffer!);
  }

  /**
   * Makes a block of zeros. A `StateError` if the name is taken, a `PlatformError` if `/dev/shm` has no room for it, a `RangeError` for
   * more than one view can show: 4 GiB in Node 20.
   */
  static create(options: SharedMemoryOptions): SharedMemory {
    if (typeof options !== 'object' || options === null) {
      throw new TypeError(`options must be an object such as { size: 1024 }, not ${String(options)}`);
    }
    const { size, name, persist = false } = options;
    if (typeof size !== 'number') throw new TypeError(`size must be a number of bytes, not ${typeof size}`);
    if (!Number.isSafeInteger(size) || size < 1) throw new RangeError(`size must be 1 or more bytes, not ${size}`);
    if (name !== undefined) checkName(name);
    assertOptionType('persist', persist, 'boolean');
    return ofSegment(Segment.create(size, name, persist));
  }

  /** Attaches to the block of this name, which any program of this user has made; a `StateError` if there is none, or another user's. */
  static attach(name: string): SharedMemory {
    checkName(name);
    return ofSegment(Segment.attach(name));
  }

  /** The bytes themselves, the same array each time. Once this is closed, arrays over them read as zeros. */
  get buffer(): Uint8Array<ArrayBuffer> {
    this.#assertOpen();
    return this.#bytes!;
  }

  /** What others attach to. */
  get name(): string {
    return this.#segment.name;
  }

  /** Bytes. */
  get size(): number {
    this.#assertOpen();
    return this.#segment.size;
  }

  /** This process is done with the memory; others go on, and the name stays. May be repeated. */
  close(): void {
    this.#bytes = undefined;
    this.#segment.close();
  }

  /**
   * Takes the name away, in any process, before or after `close()`; those who are attached go on. A `StateError` if that has
   * happened already.
   */
  unlink(): void {
    this.#segment.unlink();
  }

  /** `close()`: the name stays. */
  [Symbol.dispose](): void {
    this.close();
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `SharedMemory ('${this.name}', ${this.#bytes === undefined ? 'closed' : `${this.#segment.size} bytes`})`;
  }

  #assertOpen(): void {
    if (this.#bytes === undefined) throw closedError(this);
  }
}

function checkName(name: unknown): void {
  if (typeof name !== 'string') throw new TypeError(`name must be a string, not ${typeof name}`);
  if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name) || Buffer.byteLength(name) > 255) {
    throw new RangeError(`name must be 1 to 255 bytes without a slash, not '${name}'`);
  }
}
