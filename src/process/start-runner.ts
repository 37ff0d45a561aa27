import { family } from '../memory/family.ts';
import { ChildRunner, currentSurroundings } from './child-process.ts';
import { ThreadRunner } from './child-thread.ts';
import type { Runner } from './runner.ts';
import { takeSpare } from './spares.ts';
import type { StartMethod } from './start-method.ts';

/** What a process may ask of the runner that it gets. */
export interface RunnerWishes {
  readonly startMethod: StartMethod;
  readonly detached: boolean;
  /** Variables that are added to the inherited ones. */
  readonly env: Readonly<Record<string, string>> | undefined;
}

/** Something that waits for its assignment: a thread, a spare process, or a new one. Each spare made later is given to `onSpare`. */
export function startRunner({ startMethod, detached, env }: RunnerWishes, onSpare: (spare: Runner) => void): Runner {
  if (startMethod === 'thread') return new ThreadRunner(family(), { ...process.env, ...env });
  if (!detached && env === undefined) return takeSpare(onSpare);
  const surroundings = currentSurroundings();
  return new ChildRunner(family(), { ...surroundings, env: { ...surroundings.env, ...env } }, detached);
}
