/** The descendants of a process whose parents have ended. Only a mark in their environment shows where they come from. */
import { fs } from '../engine/builtins.ts';
import { kernelText } from './kernel-text.ts';

/** The environment variable with the marks of a process: its own and those of its ancestors, the outermost first. */
const NAME = 'MULTIPROC_STARTED_WITHIN';

/** Gives a mark to every process that this thread starts from now on, and to their descendants. A process that is started with another environment has no mark. */
export function markWhatIsStarted(mark: string): void {
  const { [NAME]: outer } = process.env;
  process.env[NAME] = outer === undefined ? mark : `${outer} ${mark}`;
}

/** Returns the processes that have a mark. Looks at every process of the system, about 10 µs for each. */
export function carrying(mark: string): number[] {
  const start = `${NAME}=`;
  return processes().filter((pid) => {
    // What cannot be read is gone, or belongs to another user and could not be ended anyway.
    const variable = kernelText(`/proc/${pid}/environ`)
      .split('\0')
      .find((each) => each.startsWith(start));
    return variable?.slice(start.length).split(' ').includes(mark);
  });
}

/** Returns no process if the look fails, for example because no descriptor is free: orphans then go on. */
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
