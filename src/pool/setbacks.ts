import { clock, os } from '../engine/builtins.ts';

/** Milliseconds of the second pause, and of the longest. There is no pause after the first setback. */
const SECOND = 10;
const LONGEST = 1000;
/** After this many pauses in a row, a warning is emitted; the longest pause follows. */
const TELLING = 8;
/** The signals of a program's own crashes; any other signal comes from outside. */
const CRASHES = ['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGTRAP', 'SIGSYS'];

/** Counts workers that died without a task, by the reason, and decides when to try again. */
export class Setbacks {
  readonly #counts = new Map<string, number>();
  /** The number of the attempt. Deaths in one attempt count once, because its workers began together. */
  #attempt = 0;
  #until = 0;

  /** The attempt to which a worker belongs that starts now. */
  get attempt(): number {
    return this.#attempt;
  }

  /** Milliseconds until the next worker is to start. */
  get left(): number {
    return this.#until === 0 ? 0 : Math.max(0, this.#until - clock());
  }

  /** A worker of this attempt died without a task, or could not be started. Returns how many times that has happened for this reason. */
  note(attempt: number, reason: string): number {
    if (attempt === this.#attempt) {
      this.#attempt++;
      const pause = this.#attempt === 1 ? 0 : Math.min(LONGEST, SECOND * 2 ** (this.#attempt - 2));
      this.#until = clock() + pause;
      if (this.#attempt === TELLING) {
        process.emitWarning(
          `The workers of a Pool end before they take a task; the last one ${reason}. The Pool tries again once a second.`,
        );
      }
    }
    const count = (this.#counts.get(reason) ?? 0) + 1;
    this.#counts.set(reason, count);
    return count;
  }
}

/** Returns the name of the signal of an exit code. */
export function signalOf(exitCode: number): string | undefined {
  return Object.entries(os.constants.signals).find(([, number]) => number === -exitCode)?.[0];
}

/** True if the process was ended from outside: by an operator, or by a kernel without memory. */
export function isFromOutside(exitCode: number): boolean {
  return exitCode < 0 && !CRASHES.includes(signalOf(exitCode) ?? '');
}
