// Compiled, never run: what the types of registerClass allow and refuse.
import { registerClass } from 'multiproc';

class Point {
  x = 3;
  y = 4;
}

const pointAt = (x: number, y: number) => Object.assign(new Point(), { x, y });

export function typing(): void {
  registerClass(Point);
  registerClass(Point, { name: undefined, encode: undefined, decode: undefined });
  registerClass(Point, { encode: ({ x, y }) => ({ x, y }), decode: ({ x, y }) => pointAt(x, y) });
  // @ts-expect-error `encode` returns a number.
  registerClass(Point, { encode: ({ x }) => x, decode: (text: string) => pointAt(text.length, 0) });
  // @ts-expect-error `decode` makes no Point.
  registerClass(Point, { encode: ({ x }) => x, decode: (x) => x });
  // @ts-expect-error There is no z.
  registerClass(Point, { encode: ({ z }) => z });
  // @ts-expect-error A misspelled option.
  registerClass(Point, { nam: 'x' });
  // @ts-expect-error No class.
  registerClass({});
}
