/** A run of items that is sent as one task, and the index of its first item. */
export interface Chunk<T> {
  readonly items: ArrayLike<T>;
  readonly start: number;
}

/** The usual size: four chunks for each worker, as in Python. */
export function defaultChunksize(items: number, workers: number): number {
  return Math.max(1, Math.ceil(items / (workers * 4)));
}

/** Cuts a list; of a typed array the chunks are views, which travel as binaries. */
export function cut<T>(items: ArrayLike<T>, chunksize: number): Chunk<T>[] {
  const chunks: Chunk<T>[] = [];
  for (let start = 0; start < items.length; start += chunksize) {
    const end = Math.min(items.length, start + chunksize);
    const part = ArrayBuffer.isView(items)
      ? (items as unknown as { subarray(from: number, to: number): ArrayLike<T> }).subarray(start, end)
      : (items as readonly T[]).slice(start, end);
    chunks.push({ items: part, start });
  }
  return chunks;
}

/** All of the input at once. */
export async function gather<T>(input: Iterable<T> | AsyncIterable<T>): Promise<ArrayLike<T>> {
  if (Array.isArray(input) || (ArrayBuffer.isView(input) && !(input instanceof DataView))) {
    return input as unknown as ArrayLike<T>;
  }
  if (isIterable(input)) return Array.from(input);
  if (typeof (input as AsyncIterable<T> | null)?.[Symbol.asyncIterator] !== 'function') {
    throw new TypeError('items must be iterable: an array, a typed array, a generator, an async generator');
  }
  const items: T[] = [];
  for await (const item of input) items.push(item);
  return items;
}

function isIterable<T>(input: Iterable<T> | AsyncIterable<T>): input is Iterable<T> {
  return typeof (input as Iterable<T> | null)?.[Symbol.iterator] === 'function';
}
