import { family } from '../memory/family.ts';
import { assertWhole } from '../options.ts';
import { ChildRunner, currentSurroundings, type Surroundings } from './child-process.ts';

/** A started process gets this head start, in ms, before spares compete with it for the CPU. */
const HEAD_START = 100;

let wanted = 2;
let spares: ChildRunner[] = [];
let surroundings: Surroundings | undefined;
let isFilling = false;
let rehearse: (spare: ChildRunner) => void = () => {};

/**
 * Sets how many idle processes are kept ready once the program has started its first one; 2 to begin with. A spare makes a start
 * some 20 times quicker and costs about 40 MB of memory. 0 keeps none, and ends those that there are.
 *
 * @example
 * ```ts
 * import { setSpareProcesses } from 'multiproc';
 *
 * setSpareProcesses(0);
 * ```
 */
export function setSpareProcesses(n: number): void {
  assertWhole('The number of spares', n, 0);
  wanted = n;
  for (const spare of spares.splice(n)) spare.signal('SIGKILL');
  if (surroundings !== undefined) fillLater();
}

/**
 * A child that waits for its assignment: a spare if one of the same surroundings is there, else a new one. Each spare made
 * later is given to `onSpare` first.
 */
export function takeSpare(onSpare: (spare: ChildRunner) => void): ChildRunner {
  rehearse = onSpare;
  const now = currentSurroundings();
  if (surroundings === undefined || !isSame(surroundings, now)) {
    for (const spare of spares.splice(0)) spare.signal('SIGKILL');
    surroundings = now;
  }
  spares = spares.filter((spare) => spare.isRunning);
  const child = spares.shift() ?? new ChildRunner(family(), now);
  fillLater();
  return child;
}

function fillLater(): void {
  if (isFilling) return;
  isFilling = true;
  setTimeout(fill, HEAD_START).unref();
}

/** One at a time, so that the machine stays usable while they boot. */
function fill(): void {
  isFilling = false;
  if (surroundings === undefined || spares.length >= wanted) return;
  // The spares of before are of no use if anything has changed since: the next start sees to that.
  if (spares.length === 0) surroundings = currentSurroundings();
  else if (!isSame(surroundings, currentSurroundings())) return;
  try {
    const spare = new ChildRunner(family(), surroundings);
    spares.push(spare);
    rehearse(spare);
  } catch {
    // No room for another one: the next start tries again, and says so if it fails too.
    return;
  }
  if (spares.length < wanted) fillLater();
}

function isSame(a: Surroundings, b: Surroundings): boolean {
  const names = Object.keys(a.env);
  return (
    a.cwd === b.cwd &&
    a.execArgv.length === b.execArgv.length &&
    a.execArgv.every((option, i) => option === b.execArgv[i]) &&
    names.length === Object.keys(b.env).length &&
    names.every((name) => a.env[name] === b.env[name])
  );
}
