import { closeSync, openSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';

const RLIMIT_NOFILE = 7;
const libc = createRequire(import.meta.url)(`@koromix/koffi-linux-${process.arch}`).load(null);
const getrlimit = libc.func('int getrlimit(int resource, _Out_ uint64_t* limits)');
const setrlimit = libc.func('int setrlimit(int resource, const uint64_t* limits)');

/**
 * Leaves this process no descriptor to open anything with, until the answer is disposed of. Where the table is full, what is closed
 * makes room for something else; otherwise not even that.
 */
export function withoutDescriptors(how: 'nothing opens' | 'the table is full'): Disposable {
  const limits = new BigUint64Array(2);
  getrlimit(RLIMIT_NOFILE, limits);
  const highest = Math.max(...readdirSync('/proc/self/fd').map(Number));
  const soft = how === 'nothing opens' ? 0n : BigInt(highest + 1);
  setrlimit(RLIMIT_NOFILE, BigUint64Array.of(soft, limits[1]!));
  const fillers: number[] = [];
  try {
    for (;;) fillers.push(openSync('/dev/null', 'r'));
  } catch {
    // EMFILE: that was the last.
  }
  return {
    [Symbol.dispose]() {
      setrlimit(RLIMIT_NOFILE, limits);
      for (const fd of fillers) closeSync(fd);
    },
  };
}
