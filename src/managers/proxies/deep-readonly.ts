import type { AnyFunction } from '../../contracts/executor.ts';

/** True for `any` alone. */
type IsAny<T> = 0 extends 1 & T ? true : false;
/** True for an object without methods: a plain one, as far as a type can say. */
type IsPlain<T> = Extract<T[keyof T], AnyFunction> extends never ? true : false;

/**
 * The type of a value that is read out of a container of a manager: a copy whose plain objects, arrays, maps and sets cannot be changed,
 * at any depth. An instance of a class, a typed array and a proxy keep their type.
 */
export type DeepReadonly<T> =
  IsAny<T> extends true
    ? T
    : T extends AnyFunction
      ? T
      : T extends ReadonlyMap<infer K, infer V>
        ? ReadonlyMap<DeepReadonly<K>, DeepReadonly<V>>
        : T extends ReadonlySet<infer V>
          ? ReadonlySet<DeepReadonly<V>>
          : T extends readonly unknown[]
            ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
            : T extends object
              ? IsPlain<T> extends true
                ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
                : T
              : T;
