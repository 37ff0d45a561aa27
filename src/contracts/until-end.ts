/** Iterates over what `next` resolves to, until it rejects with an error that is the end of the stream. Any other error is thrown. */
export async function* untilEnd<T>(
  next: () => Promise<T>,
  isEnd: (error: unknown) => boolean,
): AsyncGenerator<T, void, undefined> {
  for (;;) {
    let value: T;
    try {
      value = await next();
    } catch (error) {
      if (isEnd(error)) return;
      throw error;
    }
    yield value;
  }
}
