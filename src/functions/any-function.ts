/** A function or class, whatever its parameters. */
export type AnyFunction = ((...args: never[]) => unknown) & { readonly prototype?: object | undefined };
