import { clock, os } from '../builtins.ts';

/** Milliseconds of the second pause, and of the longest; there is none after the first setback. */
const SECOND = 10;
const LONGEST = 1000;
/** Pauses in a row after which the program is told: the longest follows. */
const TELLING = 8;
/** What a program brings upon itself; any other signal comes from outside. */
const CRASHES = ['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGTRAP', 'SIGSYS'];

/** Workers that came to nothing since a task was last finished: how often for the same reason, and when to try again. */
export class Setbacks {
  readonly #counts = new Map<string, number>();
  /** Those of one attempt are one: its workers began together. */
  #attempt = 0;
  #until = 0;

  /** Which attempt a worker that starts now belongs to. */
  get attempt(): number {
    return this.#attempt;
  }

  /** Milliseconds until the next worker is to start. */
  get left(): number {
    return this.#until === 0 ? 0 : Math.max(0, this.#until - clock());
  }

  /** A task was finished. */
  clear(): void {
    if (this.#attempt === 0) return;
    this.#counts.clear();
    this.#attempt = 0;
    this.#until = 0;
  }

  /** A worker of this attempt came to nothing, or could not even be started; answers how often that has happened for this reason. */
  note(attempt: number, reason: string): number {
    if (attempt === this.#attempt) {
      this.#attempt++;
      const pause = this.#attempt === 1 ? 0 : Math.min(LONGEST, SECOND * 2 ** (this.#attempt - 2));
      this.#until = clock() + pause;
      if (this.#attempt === TELLING) {
        process.emitWarning(
          `The workers of a Pool come to nothing, the last one ${reason}; it goes on, once a second.`,
        );
      }
    }
    const count = (this.#counts.get(reason) ?? 0) + 1;
    this.#counts.set(reason, count);
    return count;
  }
}

/** The name of the signal that an exit code stands for. */
export function signalOf(exitCode: number): string | undefined {
  return Object.entries(os.constants.signals).find(([, number]) => number === -exitCode)?.[0];
}

/** True if somebody else has ended the process: an operator, or a kernel without memory. */
export function isFromOutside(exitCode: number): boolean {
  return exitCode < 0 && !CRASHES.includes(signalOf(exitCode) ?? '');
}
