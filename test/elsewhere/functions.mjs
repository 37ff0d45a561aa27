// Exports of an ES module, which use what is around them.
const factors = { two: 2, three: 3 };

export function doubled(n) {
  return n * factors.two;
}

export default (n) => n * factors.three;

export const tools = { negated: (n) => -n };

export class Point {
  constructor(x, y) {
    this.x = x;
    this.y = y;
  }
  static distance(x, y) {
    const point = new Point(x, y);
    return Math.sqrt(point.x ** 2 + point.y ** 2);
  }
}
