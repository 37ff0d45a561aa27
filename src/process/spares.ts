import { assertWhole } from '../contracts/options.ts';
import { os, setImmediate, setTimeout } from '../engine/builtins.ts';
import { family } from '../memory/family.ts';
import { field } from '../memory/members.ts';
import { ChildRunner, currentSurroundings, type Surroundings } from './child-runner.ts';

/** Milliseconds that a started process gets before spares compete with it for the CPU. */
const HEAD_START = 100;
/** The longest time, in ms, for which busy CPUs delay a spare: after that it is known that they are always busy. */
const LONGEST_PAUSE = 1600;

let wanted = 2;
/** Spares help programs that start one process after another. A program that starts all its processes once needs none. */
let areUseful = false;
/** The spares that were started and have not ended. */
const started = new Set<ChildRunner>();
const spares: ChildRunner[] = [];
let surroundings: Surroundings | undefined;
let isFilling = false;
let pause = HEAD_START;
let idleBefore = 0;
let warmUpSpare: (spare: ChildRunner) => void = () => {};

/**
 * Sets how many idle processes are kept ready; 0 keeps none, and ends the existing ones. The default is 2, from the first start on that
 * follows the end of an earlier process. A spare makes a start about 20 times faster. It has about 50 MB resident, of which 12 MB are its own.
 * No spare is begun while other processes boot, or, for some seconds, while all CPUs are busy.
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
 * Returns a child that waits for its assignment: a spare if one has the same surroundings, otherwise a new one. Each spare that is made
 * later is given to `onSpare` first.
 */
export function takeSpare(onSpare: (spare: ChildRunner) => void): ChildRunner {
  warmUpSpare = onSpare;
  const now = currentSurroundings();
  if (surroundings === undefined || !isSame(surroundings, now)) {
    for (const spare of spares.splice(0)) spare.signal('SIGKILL');
    surroundings = now;
  }
  const child = takeRunning() ?? new ChildRunner(family(), now);
  started.add(child);
  child.onExit(() => {
    started.delete(child);
    areUseful = true;
  });
  pause = HEAD_START;
  // When the child has its work: the look at the CPUs takes longer than that.
  setImmediate(fillLater).unref();
  return child;
}

/** A spare may have been killed from outside. */
function takeRunning(): ChildRunner | undefined {
  let spare: ChildRunner | undefined;
  do spare = spares.shift();
  while (spare !== undefined && !spare.isRunning);
  return spare;
}

function fillLater(): void {
  if (isFilling || !areUseful || spares.length >= wanted) return;
  isFilling = true;
  idleBefore = idleTime();
  setTimeout(fill, pause).unref();
}

/** Makes one spare at a time, so that the machine stays usable while it boots. */
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
  // Older spares are useless if anything has changed since; the next start checks that.
  if (spares.length === 0) surroundings = currentSurroundings();
  else if (!isSame(surroundings, currentSurroundings())) return;
  try {
    const spare = new ChildRunner(family(), surroundings);
    spares.push(spare);
    warmUpSpare(spare);
  } catch {
    // There is no room for another spare: the next start tries again, and reports the error if it fails too.
    return;
  }
  fillLater();
}

/** True until a process has taken its first assignment; for a spare, this is the warm-up. */
function isBooting(child: ChildRunner): boolean {
  return family().members.get(child.member, field.assignment) !== 0 && child.isRunning;
}

/** Returns the CPU time that all CPUs together have not used so far, in ms. */
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
