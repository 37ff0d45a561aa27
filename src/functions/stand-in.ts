/** Makes the instances of a class stand for something else in messages: the codec does not take them for a user's objects. */
export function standIn(cls: { readonly prototype: object }): void {
  // An object without a constructor is an instance of nothing.
  delete (cls.prototype as { constructor?: unknown }).constructor;
}
