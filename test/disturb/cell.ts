import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';

/** Words of a cell. */
const word = {
  /** How many disturbances have begun; written by the victim. */
  reached: 0,
  /** The point of the last one; written by the victim. */
  point: 1,
  /** How many points were passed in all; written by a victim that survives, and by one that counts. */
  passed: 2,
  /** How many times the victim has been stopped, as the kernel says; written by the stopper. */
  stopped: 3,
  /** How many of those times are over; written by the stopper. */
  goneOn: 4,
  /** How many bystanders are ready, and how many have done what they were to do; written by them, one after the other. */
  ready: 5,
  done: 6,
  /** 1 when the act is over; written by the test. */
  over: 7,
  /** The victim's process; written by it. */
  pid: 8,
  /** The points that were passed, in order; written by a victim that survives. */
  trace: 16,
} as const;

type Word = Exclude<keyof typeof word, 'trace'>;

let made = 0;

/** A few words that the test, its victim and others read and write without the library, which is what may be standing still. */
export class Cell {
  readonly path: string;
  readonly #fd: number;
  readonly #isNew: boolean;

  /** The one that another process or thread has made, or a new one, all zero, that is gone when this one is disposed of. */
  constructor(path?: string) {
    this.path = path ?? `${tmpdir()}/multiproc-disturbed-${process.pid}-${made++}`;
    this.#isNew = path === undefined;
    this.#fd = openSync(this.path, this.#isNew ? 'wx+' : 'r+');
  }

  get(which: Word): number {
    const value = new Int32Array(1);
    readSync(this.#fd, value, 0, 4, word[which] * 4);
    return value[0] as number;
  }

  set(which: Word, value: number): void {
    writeSync(this.#fd, Int32Array.of(value), 0, 4, word[which] * 4);
  }

  get trace(): number[] {
    const trace = new Int32Array(this.get('passed'));
    readSync(this.#fd, trace, 0, trace.byteLength, word.trace * 4);
    return [...trace];
  }

  set trace(points: readonly number[]) {
    writeSync(this.#fd, Int32Array.from(points), 0, points.length * 4, word.trace * 4);
    this.set('passed', points.length);
  }

  /** Adds a point to the trace: for one that does not come to say what it has passed. */
  note(at: number, point: number): void {
    writeSync(this.#fd, Int32Array.of(point), 0, 4, (word.trace + at) * 4);
    this.set('passed', at + 1);
  }

  /** Sleeps until the word is that large, or the act is over. */
  await(which: Word, value: number): boolean {
    for (;;) {
      if (this.get(which) >= value) return true;
      if (this.get('over') !== 0) return false;
      nap();
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
    if (this.#isNew) rmSync(this.path);
  }
}

/** Blocks this thread for a millisecond. */
export function nap(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
}
