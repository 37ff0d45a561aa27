/** Gives an object a property of its own, whatever it inherits by that name: `__proto__`, or one with a setter. */
export function defineProperty(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}
