/** Gives an object an own property, even if it inherits a setter of that name, such as `__proto__`. */
export function defineProperty(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}
