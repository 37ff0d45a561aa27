/** Objects of this library that cannot be sent, because what they do is done in the thread that made them. */

const instead = Symbol.for('multiproc.instead');

/** Makes messages refuse the instances of a class. `advice` says what to send in their place. */
export function staysHere(cls: { readonly prototype: object }, advice: string): void {
  Object.defineProperty(cls.prototype, instead, { value: advice });
}

/** Returns what to send in place of an object that stays here, `undefined` for any other object. */
export function adviceFor(value: object): string | undefined {
  return (value as { readonly [instead]?: string })[instead];
}
