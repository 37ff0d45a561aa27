import { Decoder } from './decoder.ts';
import { Encoder } from './encoder.ts';

/** More than this many are left to the garbage collector. */
const MOST = 4;

/** Encoders, or decoders, that are free. One that runs user code, such as a getter or a hook, is busy meanwhile: that code gets another. */
class Spares<T> {
  readonly #free: T[] = [];
  readonly #make: () => T;

  constructor(make: () => T) {
    this.#make = make;
  }

  /** Returns one that is free. Give it back in a `finally`. Calls that are not hot use `with`, for which each call makes a closure. */
  borrow(): T {
    return this.#free.pop() ?? this.#make();
  }

  giveBack(one: T): void {
    if (this.#free.length < MOST) this.#free.push(one);
  }

  /** Runs `use` with one that is free. Returns what `use` returns. */
  with<R>(use: (one: T) => R): R {
    const one = this.borrow();
    try {
      return use(one);
    } finally {
      this.giveBack(one);
    }
  }
}

/** The bytes of an encoder's last message stay valid until the encoder is borrowed again. */
export const encoders = new Spares(() => new Encoder());
export const decoders = new Spares(() => new Decoder());
