/** Marks the prototypes of classes whose instances stand for something else in messages. */
const mark = Symbol('stand-in');

/** Makes the instances of a class stand for something else in messages: the codec does not take them for a user's objects. */
export function standIn(cls: { readonly prototype: object }): void {
  // An object without a constructor is an instance of nothing.
  delete (cls.prototype as { constructor?: unknown }).constructor;
  Object.defineProperty(cls.prototype, mark, { value: true });
}

/** Returns true if a value is an instance of such a class. */
export function isStandIn(value: object): boolean {
  return (value as { [mark]?: boolean })[mark] === true;
}
