const FEW = 8;
/** A map that grew beyond this is given back rather than cleared. */
const MANY = 100_000;

/** Numbers the objects of a message in the order in which they are met; a handful needs no map. */
export class Identities {
  count = 0;
  readonly #few: (object | undefined)[] = new Array(FEW).fill(undefined);
  #map: Map<object, number> | undefined;

  /** Returns the number of `object`. If it has none, gives it the next number and returns -1. */
  find(object: object): number {
    const n = this.count;
    if (n <= FEW) {
      for (let i = 0; i < n; i++) if (this.#few[i] === object) return i;
      if (n < FEW) {
        this.#few[n] = object;
        this.count = n + 1;
        return -1;
      }
      this.#map ??= new Map();
      for (let i = 0; i < FEW; i++) this.#map.set(this.#few[i] as object, i);
    }
    const map = this.#map as Map<object, number>;
    const known = map.get(object);
    if (known !== undefined) return known;
    map.set(object, n);
    this.count = n + 1;
    return -1;
  }

  /** Forgets the objects with number `count` and above. */
  truncate(count: number): void {
    const end = Math.min(this.count, FEW);
    for (let i = count; i < end; i++) this.#few[i] = undefined;
    if (this.count > FEW && this.#map !== undefined) {
      if (count <= FEW) {
        if (this.count > MANY) this.#map = undefined;
        else this.#map.clear();
      } else for (const [object, number] of this.#map) if (number >= count) this.#map.delete(object);
    }
    this.count = count;
  }
}
