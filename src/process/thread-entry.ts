import type { Inheritance } from '../memory/family.ts';
import { ThreadGuard } from '../memory/thread-guard.ts';
import { inheritPlatform, pipes } from '../platform/choose.ts';
import { guardEnd } from '../platform/uninterrupted.ts';
import { afterExitHandlers } from './after-exit-handlers.ts';
import { useOwnOutput } from './own-output.ts';
import { stage, type ThreadBootstrap, word } from './thread-bootstrap.ts';

/** Returns the start data of a thread of this library, `undefined` in a process. */
export function threadBirth(): ThreadBootstrap | undefined {
  // Not read from node:worker_threads, which takes 2 ms to load: only processes have arguments.
  if (process.argv.length > 2) return undefined;
  const { isMainThread, workerData } = process.getBuiltinModule('node:worker_threads');
  return isMainThread ? undefined : (workerData as ThreadBootstrap);
}

/**
 * Prepares this thread to join its family; returns what it needs for that. Returns `undefined` if the thread was ended before: it must
 * not touch the heap then, because it is already reclaimed.
 */
export function enterThread({ multiprocThread, words }: ThreadBootstrap): Inheritance | undefined {
  const { ends, guards, member, memory } = multiprocThread;
  guardEnd(new ThreadGuard(guards!, member));
  inheritPlatform(memory.buffer === undefined ? 'native' : 'portable');
  // This comes first, so that a member that finds the thread joined can rely on its lifeline.
  if (ends.shared?.threadKey !== undefined) pipes().closeWithThread(ends.shared.threadKey, ends.lifeline);
  if (Atomics.compareExchange(words, word.stage, stage.BOOTING, stage.JOINED) !== stage.BOOTING) return undefined;
  useOwnOutput();
  tellExitCode(words);
  return multiprocThread;
}

/** Node reports a thread's exit code to the event loop of its parent thread, which may be blocked until the thread has ended. */
function tellExitCode(words: Int32Array): void {
  const tell = (code: number) => void Atomics.store(words, word.exitCode, code & 0xff);
  // Bun calls the handlers by itself, and does not emit the event.
  if (process.versions.bun !== undefined) process.once('exit', tell);
  else afterExitHandlers(tell);
}
