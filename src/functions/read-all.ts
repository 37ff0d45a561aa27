/** Reads as many values as a message claims, one after the other, without reserving room for values that may never come. */
export function readAll<T>(count: number, read: () => T): T[] {
  const all: T[] = [];
  for (let i = 0; i < count; i++) all.push(read());
  return all;
}
