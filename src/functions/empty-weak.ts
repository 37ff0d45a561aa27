import { interned } from './interned.ts';
import { standIn } from './stand-in.ts';

/** Stands for a captured WeakMap or WeakSet, which arrives empty. */
export class EmptyWeak {
  readonly isMap: boolean;

  private constructor(isMap: boolean) {
    this.isMap = isMap;
  }

  private static readonly known = new WeakMap<object, EmptyWeak>();

  /** Returns the object for a collection, always the same one, so that functions of one message share it. */
  static for(collection: object): EmptyWeak {
    return interned(EmptyWeak.known, collection, () => new EmptyWeak(collection instanceof WeakMap));
  }
}

standIn(EmptyWeak);
