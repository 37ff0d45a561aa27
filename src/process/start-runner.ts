import { family } from '../memory/family.ts';
import { ChildRunner, currentSurroundings } from './child-runner.ts';
import type { Runner } from './runner.ts';
import { takeSpare } from './spares.ts';
import type { StartMethod } from './start-method.ts';
import type { StartOptions } from './start-options.ts';
import { ThreadRunner } from './thread-runner.ts';

export { warmUp } from './warm-up.ts';

/** The properties that a process wants its runner to have. */
interface RunnerWishes {
  readonly startMethod: StartMethod;
  readonly detached: boolean;
  readonly start: StartOptions;
}

/**
 * Returns a runner that waits for its assignment: a thread, a spare process or a new process. Each spare that is made later is given to
 * `onSpare`.
 */
export function startRunner({ startMethod, detached, start }: RunnerWishes, onSpare: (spare: Runner) => void): Runner {
  const { env, execArgv = [], stdin = 'ignore', resourceLimits } = start;
  if (startMethod === 'thread') return new ThreadRunner(family(), { ...process.env, ...env }, resourceLimits);
  if (!detached && env === undefined && execArgv.length === 0 && stdin === 'ignore') return takeSpare(onSpare);
  const inherited = currentSurroundings();
  const surroundings = {
    ...inherited,
    env: { ...inherited.env, ...env },
    execArgv: [...inherited.execArgv, ...execArgv],
  };
  return new ChildRunner(family(), surroundings, { detached, stdin });
}
