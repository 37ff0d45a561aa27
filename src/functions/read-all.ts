/** As many as a message says that there are, one after the other: no room is made for what may never come. */
export function readAll<T>(count: number, read: () => T): T[] {
  const all: T[] = [];
  for (let i = 0; i < count; i++) all.push(read());
  return all;
}
