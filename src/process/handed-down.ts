import type { AnyFunction } from '../contracts/executor.ts';

/** A function that can be sent, and its arguments. */
type Call = readonly [fn: AnyFunction, args: readonly unknown[]];

let call: Call | undefined;

/** Makes each process that this process starts from now on call `fn` before it decodes its work. `fn` hands the call down in turn. */
export function handDown(fn: AnyFunction, args: readonly unknown[]): void {
  call = [fn, args];
}

/** Returns the call that a process started now makes first; `undefined` if there is none. */
export function handedDown(): Call | undefined {
  return call;
}

/** Makes the call that the starter has handed down. */
export function takeOver(handed: Call | undefined): void {
  handed?.[0](...handed[1]);
}
