/** What a process has started by way of others that ended before: nobody's children any more, but for a word in their environment. */
import { fs } from '../engine/builtins.ts';

/** All marks of those that a process was started within, from the outermost on. */
const NAME = 'MULTIPROC_STARTED_WITHIN';

/** Has all that this thread starts from now on carry a mark, and what that starts in turn. One that is given another environment carries none. */
export function markWhatIsStarted(mark: string): void {
  const { [NAME]: outer } = process.env;
  process.env[NAME] = outer === undefined ? mark : `${outer} ${mark}`;
}

/** The processes that carry a mark. Looks at every process there is: some 10 µs for each. */
export function carrying(mark: string): number[] {
  const start = `${NAME}=`;
  return processes().filter((pid) => {
    const variable = environmentOf(pid).find((each) => each.startsWith(start));
    return variable?.slice(start.length).split(' ').includes(mark);
  });
}

/** None where the look fails, for want of a descriptor for example: then what nobody knows any more goes on. */
function processes(): number[] {
  const own = String(process.pid);
  try {
    return fs
      .readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && name !== own)
      .map(Number);
  } catch {
    return [];
  }
}

/** Nothing of a process that is gone, or that is another user's: it could not be ended anyway. */
function environmentOf(pid: number): string[] {
  try {
    return fs.readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
  } catch {
    return [];
  }
}
