/** The functions that this process made from images that arrived, with what it takes to send them on. */
import type { FunctionImage } from './function-image.ts';

/** A function that this process made from an image: V8 need not be asked about it. */
export interface Revived {
  readonly image: FunctionImage;
  readonly key: string;
  /** Gives the variables their values, in the order of the image's names. */
  readonly fill: (...values: unknown[]) => void;
  readonly read: () => unknown[];
  /** The variables as they arrived, where some are shared; `refill` gives them what they hold now. */
  variables?: readonly unknown[];
  refill?: () => void;
  user?: WeakRef<() => void>;
}

const revivedFunctions = new WeakMap<object, Revived>();

/** Remembers how a function that arrived was made, for when it is sent on. */
export function rememberRevived(fn: object, revived: Revived): void {
  revivedFunctions.set(fn, revived);
}

/** Returns how a function that arrived was made; `undefined` for one of this process. */
export function revivedFunction(fn: object): Revived | undefined {
  return revivedFunctions.get(fn);
}
