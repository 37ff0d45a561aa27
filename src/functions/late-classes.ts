import { standIn } from './stand-in.ts';

/**
 * Classes that are being made: their early variables are written, and read, before they exist. Where one of those leads
 * back to the class, a `LateClass` stands for it. Writer and reader nest alike, so counting outwards from the innermost finds it.
 */
export class LateClass {
  /** 0 is the innermost class being made. */
  readonly depth: number;
  readonly #waiting: ((cls: unknown) => void)[] = [];
  #made: { readonly cls: unknown } | undefined;

  constructor(depth: number) {
    this.depth = depth;
  }

  /** Calls back when the class exists, at once if it does. */
  whenMade(callback: (cls: unknown) => void): void {
    if (this.#made === undefined) this.#waiting.push(callback);
    else callback(this.#made.cls);
  }

  /** Says that it exists. */
  made(cls: unknown): void {
    this.#made = { cls };
    for (const callback of this.#waiting.splice(0)) callback(cls);
  }
}

const written: unknown[] = [];
const read: LateClass[][] = [];

/** Runs `write`, which writes what the class needs to be made. */
export function whileWriting(cls: unknown, write: () => void): void {
  written.push(cls);
  try {
    write();
  } finally {
    written.pop();
  }
}

/** Returns what to write for a variable's value: itself, unless it is a class being made. */
export function lateOr(value: unknown): unknown {
  const at = typeof value === 'function' ? written.lastIndexOf(value) : -1;
  return at < 0 ? value : new LateClass(written.length - 1 - at);
}

/** Runs `readEarly` and `make`; whatever waited for the class gets it. */
export function whileReading<T>(
  readEarly: () => unknown[],
  make: (early: unknown[]) => T,
  classOf: (made: T) => unknown,
): T {
  const waiting: LateClass[] = [];
  read.push(waiting);
  let early: unknown[];
  try {
    early = readEarly();
  } finally {
    read.pop();
  }
  const result = make(early);
  for (const late of waiting) late.made(classOf(result));
  return result;
}

/** Returns the stand-in that a message means by a depth. */
export function lateClass(depth: number): LateClass {
  const late = new LateClass(depth);
  read.at(-1 - depth)?.push(late);
  return late;
}

standIn(LateClass);
