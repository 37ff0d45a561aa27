import type { AnyFunction } from '../contracts/executor.ts';

/** A call of a function that travels. */
type Call = readonly [fn: AnyFunction, args: readonly unknown[]];

let call: Call | undefined;

/** Has each process that this process starts from now on call `fn`, which hands it down in turn, before it decodes its work. */
export function handDown(fn: AnyFunction, args: readonly unknown[]): void {
  call = [fn, args];
}

/** Returns what a process that is started now calls first; `undefined` if that is nothing. */
export function handedDown(): Call | undefined {
  return call;
}

/** Makes the call that the starter has handed down. */
export function takeOver(handed: Call | undefined): void {
  handed?.[0](...handed[1]);
}
