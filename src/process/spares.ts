import { os, setTimeout } from '../builtins.ts';
import { family } from '../memory/family.ts';
import { field } from '../memory/members.ts';
import { assertWhole } from '../options.ts';
import { ChildRunner, currentSurroundings, type Surroundings } from './child-process.ts';

/** A started process gets this head start, in ms, before spares compete with it for the CPU. */
const HEAD_START = 100;
/** The longest time, in ms, in which all CPUs must have been busy for a spare to be made later: then it is known that they always are. */
const LONGEST_PAUSE = 1600;

let wanted = 2;
/** Spares are for programs that start one process after another; who starts some for all of its work needs none. */
let areUseful = false;
/** Those that were started, and have not ended. */
const started = new Set<ChildRunner>();
let spares: ChildRunner[] = [];
let surroundings: Surroundings | undefined;
let isFilling = false;
let pause = HEAD_START;
let idleBefore = 0;
let rehearse: (spare: ChildRunner) => void = () => {};

/**
 * Sets how many idle processes are kept ready. Until it is called, 2 are, from the first start on that follows the end of an earlier
 * process. A spare makes a start some 20 times quicker and costs about 40 MB of memory; none is begun while other processes boot,
 * and for some seconds none while all CPUs are busy. 0 keeps none, and ends those that there are.
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
  areUseful = true;
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
  started.add(child);
  child.onExit(() => {
    started.delete(child);
    areUseful = true;
  });
  pause = HEAD_START;
  fillLater();
  return child;
}

function fillLater(): void {
  if (isFilling || !areUseful || spares.length >= wanted) return;
  isFilling = true;
  idleBefore = idleTime();
  setTimeout(fill, pause).unref();
}

/** One at a time, so that the machine stays usable while they boot. */
function fill(): void {
  isFilling = false;
  if (surroundings === undefined || spares.length >= wanted) return;
  const isBusy = idleTime() - idleBefore < pause / 2;
  if ((isBusy && pause < LONGEST_PAUSE) || [...started, ...spares].some(isBooting)) {
    if (isBusy) pause = Math.min(pause * 2, LONGEST_PAUSE);
    fillLater();
    return;
  }
  if (!isBusy) pause = HEAD_START;
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
  fillLater();
}

/** True until a process has taken its first assignment: a spare's is a rehearsal. */
function isBooting(child: ChildRunner): boolean {
  return family().members.get(child.member, field.assignment) !== 0 && child.isRunning;
}

/** What all CPUs together have not used so far, in ms. */
function idleTime(): number {
  return os.cpus().reduce((sum, { times }) => sum + times.idle, 0);
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
