import { constants } from 'node:os';
import { loadLibc } from '#dist/platform/koffi.js';

type Signal = (pid: number, signal: number) => number;

let kill: Signal | undefined;

/**
 * Sends this process a signal by the kernel's own call, as another process would. Node's `process.kill` takes a signal to itself for the
 * end: it first does what is to be done at exit, and V8's inspector is gone for good.
 */
export function signalSelf(signal: NodeJS.Signals): void {
  kill ??= loadLibc().func('int kill(int pid, int signal)') as Signal;
  kill(process.pid, constants.signals[signal]);
}
