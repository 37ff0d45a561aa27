import { assertOptionType } from '../contracts/options.ts';
import { closedError } from '../memory/shared-object.ts';
import { Segment } from './segment.ts';

/** The options of `SharedMemory.create()`. */
export interface SharedMemoryOptions {
  /** The number of bytes, at least 1. */
  readonly size: number;
  /** The name by which other programs attach, without slashes and with at most 255 bytes. A new name by default. */
  readonly name?: string | undefined;
  /** Keeps the memory after the end of this program, until `unlink()` is called; false by default. */
  readonly persist?: boolean | undefined;
}

/** Returns the segment of a shared memory, for code that sends it. Throws a `ClosedError` if it is closed. */
export let segmentOf: (memory: SharedMemory) => Segment;
/** Returns the shared memory of a segment. */
export function ofSegment(segment: Segment): SharedMemory {
  // The only place that calls the constructor: users call `create` and `attach`.
  return Reflect.construct(SharedMemory, [segment]) as SharedMemory;
}

/**
 * A block of memory with a name. Any program of the same user can attach to it, Python's `SharedMemory(name)` included.
 *
 * `close()` ends the use in this process, `unlink()` removes the name. The memory is free when the name is gone and all processes have
 * closed it. The memory of a killed process is removed when any program next makes or attaches named memory. The memory of a process that
 * ends by itself is removed when the root of its family ends. Nothing is locked. Within a family, use a `SharedArray`: it needs no name
 * and no `unlink()`.
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
    // Friends of the class, not on its public face.
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
   * Makes a block of zeros. Throws a `StateError` if the name is taken, a `PlatformError` if `/dev/shm` has no room for it, and a
   * `RangeError` if it is larger than one view can be: 4 GiB in Node 20.
   */
  static create(options: SharedMemoryOptions): SharedMemory {
    if (typeof options !== 'object' || options === null) {
      throw new TypeError(`options must be an object such as { size: 1024 }, not ${String(options)}`);
    }
    const { size, name, persist = false } = options;
    if (typeof size !== 'number') throw new TypeError(`size must be a number of bytes, not ${typeof size}`);
    if (!Number.isSafeInteger(size) || size < 1) {
      throw new RangeError(`size must be a whole number of bytes from 1 to ${Number.MAX_SAFE_INTEGER}, not ${size}`);
    }
    if (name !== undefined) checkName(name);
    assertOptionType('persist', persist, 'boolean');
    return ofSegment(Segment.create(size, name, persist));
  }

  /** Attaches to the block of this name. Throws a `StateError` if there is none, or if it belongs to another user. */
  static attach(name: string): SharedMemory {
    checkName(name);
    return ofSegment(Segment.attach(name));
  }

  /** The bytes themselves, the same array each time. After `close()`, existing arrays over them read as zeros. */
  get buffer(): Uint8Array<ArrayBuffer> {
    this.#assertOpen();
    return this.#bytes!;
  }

  /** The name by which other programs attach. */
  get name(): string {
    return this.#segment.name;
  }

  /** The number of bytes. */
  get size(): number {
    this.#assertOpen();
    return this.#segment.size;
  }

  /** Ends the use of the memory in this process. Other processes go on, and the name stays. May be repeated. */
  close(): void {
    this.#bytes = undefined;
    this.#segment.close();
  }

  /**
   * Removes the name, in any process, before or after `close()`. Attached processes go on. Throws a `StateError` if the name is removed
   * already.
   */
  unlink(): void {
    this.#segment.unlink();
  }

  /** Calls `close()`; the name stays. */
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
