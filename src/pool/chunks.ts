/** Returns the default chunk size: four chunks per worker, as in Python. */
export function defaultChunksize(items: number, workers: number): number {
  return Math.max(1, Math.ceil(items / (workers * 4)));
}

/** Returns a range of the items; of a typed array a view, which is sent as a binary. */
export function cut<T>(items: ArrayLike<T>, start: number, length: number): ArrayLike<T> {
  const end = Math.min(items.length, start + length);
  return ArrayBuffer.isView(items)
    ? (items as unknown as { subarray(from: number, to: number): ArrayLike<T> }).subarray(start, end)
    : (items as readonly T[]).slice(start, end);
}

/** True if all items can be read by index. */
function isListed<T>(input: Iterable<T> | AsyncIterable<T>): input is Iterable<T> & ArrayLike<T> {
  return Array.isArray(input) || (ArrayBuffer.isView(input) && !(input instanceof DataView));
}

/** Returns all items of an input that can be read at once. */
export function listNow<T>(input: Iterable<T>): ArrayLike<T> {
  if (isListed(input)) return input;
  if (!isIterable(input)) throw new TypeError('items must be iterable: an array, a typed array, a generator');
  return Array.from(input);
}

/** Returns all items of the input. */
export async function gather<T>(input: Iterable<T> | AsyncIterable<T>): Promise<ArrayLike<T>> {
  if (isListed(input) || isIterable(input)) return listNow(input);
  if (typeof (input as AsyncIterable<T> | null)?.[Symbol.asyncIterator] !== 'function') {
    throw new TypeError('items must be iterable: an array, a typed array, a generator, an async generator');
  }
  const items: T[] = [];
  for await (const item of input) items.push(item);
  return items;
}

/** True if the input can be read at once. */
export function isIterable<T>(input: Iterable<T> | AsyncIterable<T>): input is Iterable<T> {
  return typeof (input as Iterable<T> | null)?.[Symbol.iterator] === 'function';
}
