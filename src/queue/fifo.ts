/** The number of items in a chunk before the next chunk is begun. */
const chunkSize = 1024;

interface Chunk<T> {
  readonly slots: (T | undefined)[];
  /** The slot that is read next; all slots before it are empty. */
  read: number;
  /** The slot that is written next; this slot and all later ones are empty. */
  write: number;
  next: Chunk<T> | undefined;
}

/**
 * First in, first out, in constant time for any number of items: a chain of chunks that grows and shrinks with its contents.
 * (`Array.shift` moves all remaining items; a doubling ring copies all items and never gives memory back.)
 */
export class Fifo<T> {
  #head: Chunk<T> = { slots: [], read: 0, write: 0, next: undefined };
  #tail = this.#head;
  /** A drained chunk, kept so that a steady backlog allocates nothing. */
  #spare: Chunk<T> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(item: T): void {
    if (this.#tail.write === chunkSize) this.#tail = this.#tail.next = this.#emptyChunk();
    this.#tail.slots[this.#tail.write++] = item;
    this.#size += 1;
  }

  /** Takes the oldest item. The queue must not be empty. */
  shift(): T {
    const chunk = this.#head;
    const item = chunk.slots[chunk.read] as T;
    chunk.slots[chunk.read++] = undefined; // so that an item that was taken can be collected
    this.#size -= 1;
    if (chunk.read === chunk.write) this.#dropDrained(chunk);
    return item;
  }

  #emptyChunk(): Chunk<T> {
    const chunk = this.#spare ?? { slots: [], read: 0, write: 0, next: undefined };
    this.#spare = undefined;
    return chunk;
  }

  #dropDrained(chunk: Chunk<T>): void {
    chunk.read = chunk.write = 0;
    if (chunk.next === undefined) return;
    this.#head = chunk.next;
    chunk.next = undefined;
    this.#spare = chunk;
  }
}
