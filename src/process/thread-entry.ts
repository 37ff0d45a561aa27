import type { Inheritance } from '../memory/family.ts';
import { ThreadGuard } from '../memory/thread-guard.ts';
import { inheritPlatform, pipes } from '../platform/choose.ts';
import { guardEnd } from '../platform/uninterrupted.ts';
import { afterExitHandlers } from './after-exit-handlers.ts';
import { useOwnOutput } from './own-output.ts';
import { stage, type ThreadBirth, word } from './thread-birth.ts';

/** What a thread of this library was started with, `undefined` in a process. */
export function threadBirth(): ThreadBirth | undefined {
  // Not asked of node:worker_threads, which takes 2 ms to load: only processes are given arguments.
  if (process.argv.length > 2) return undefined;
  const { isMainThread, workerData } = process.getBuiltinModule('node:worker_threads');
  return isMainThread ? undefined : (workerData as ThreadBirth);
}

/**
 * Prepares this thread to join its family, and answers with what; `undefined` if it was ended before it came to that: it must
 * not touch the heap then, for it is buried.
 */
export function enterThread({ multiprocThread, words }: ThreadBirth): Inheritance | undefined {
  const { ends, guards, member, memory } = multiprocThread;
  guardEnd(new ThreadGuard(guards!, member));
  inheritPlatform(memory.buffer === undefined ? 'native' : 'portable');
  // First, so that whoever finds the thread joined can rely on its lifeline.
  if (ends.shared?.threadKey !== undefined) pipes().closeWithThread(ends.shared.threadKey, ends.lifeline);
  if (Atomics.compareExchange(words, word.stage, stage.BOOTING, stage.JOINED) !== stage.BOOTING) return undefined;
  useOwnOutput();
  tellExitCode(words);
  return multiprocThread;
}

/** Node tells a thread's exit code to the event loop of the one who started it, which may be blocked until the thread has ended. */
function tellExitCode(words: Int32Array): void {
  const tell = (code: number) => void Atomics.store(words, word.exitCode, code & 0xff);
  // Bun calls the handlers by itself, and does not emit the event.
  if (process.versions.bun !== undefined) process.once('exit', tell);
  else afterExitHandlers(tell);
}
