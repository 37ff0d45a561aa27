type Timers = Pick<
  typeof import('node:timers'),
  'clearImmediate' | 'clearInterval' | 'clearTimeout' | 'setImmediate' | 'setInterval' | 'setTimeout'
>;
/** The class of the objects of Node's own `setTimeout`. `refresh` starts such a timer, `close` stops it. */
type TimeoutClass = new (
  callback: unknown,
  ms: number | undefined,
  args: unknown[],
  repeats: boolean,
  isRefed: boolean,
) => NodeJS.Timeout;

const { bun, deno } = process.versions;

/**
 * Returns the timers of Node, even if the program has replaced them before the library was loaded, as a test set-up does with fake
 * timers. Otherwise the family would wait for a clock that stands still, and a program that waits only for the family would end. Throws
 * an error if the timers are replaced and Node's own cannot be found.
 */
export function realTimers(): Timers {
  const timers = process.getBuiltinModule('node:timers');
  if (bun !== undefined || deno !== undefined) return timers;
  const { clearImmediate, clearInterval, clearTimeout, setImmediate, setInterval, setTimeout } = timers;
  // Timers that are not started need not be compiled.
  const isNodes =
    makes(setTimeout, 'new Timeout(') && makes(setInterval, 'new Timeout(') && makes(setImmediate, 'new Immediate(');
  if (isNodes) return timers;
  const isReal =
    isOwn(setTimeout(nothing, 1e6), clearTimeout) &&
    isOwn(setInterval(nothing, 1e6), clearInterval) &&
    isOwn(setImmediate(nothing), clearImmediate);
  return isReal ? timers : timersOf(timeoutClass());
}

/** Returns the language's class of dates, even if `Date` has been replaced by a class that stands still. A clone of a date is made with it. */
export function realDate(): DateConstructor {
  const text = Function.prototype.toString.call(Date);
  if (text === 'function Date() { [native code] }') return Date;
  // As Bun writes it.
  if (/^function Date\(\) \{\s+\[native code\]\s+\}$/.test(text)) return Date;
  return structuredClone(new Date()).constructor as DateConstructor;
}

/** True if the text of the function says that it makes such an object itself. What passes a call on to Node's function does not. */
function makes(start: object, made: string): boolean {
  return Function.prototype.toString.call(start).includes(made);
}

function nothing(): void {}

/** True if Node made the timer. Node's own timers are links of a list; `zone.js` passes them on. */
function isOwn<T>(timer: T, clear: (timer: T) => void): boolean {
  clear(timer);
  return typeof timer === 'object' && timer !== null && '_idlePrev' in timer;
}

/** The time limit of a socket is a timer that no program replaces: Node makes it with the class itself. */
function timeoutClass(): TimeoutClass {
  const { Socket } = process.getBuiltinModule('node:net');
  const socket = new Socket().setTimeout(1e6) as unknown as Record<symbol, object | null | undefined>;
  for (const key of Object.getOwnPropertySymbols(socket)) {
    const kind = socket[key]?.constructor;
    if (kind?.name !== 'Timeout') continue;
    (socket[key] as NodeJS.Timeout).close();
    return kind as unknown as TimeoutClass;
  }
  throw new Error(
    'multiproc was loaded while fake timers were in use, and cannot wait by them. Load multiproc before: import it at the top of the file that calls useFakeTimers() or mock.timers.enable().',
  );
}

/** Node's own class of immediates cannot be found: a timer of one millisecond lets the event loop turn too. */
function timersOf(Timeout: TimeoutClass): Timers {
  const start =
    (repeats: boolean) =>
    (callback: unknown, ms?: number, args: unknown[] = []) =>
      new Timeout(callback, ms, args, repeats, true).refresh();
  const once = start(false);
  const often = start(true);
  const stop = (timer?: NodeJS.Timeout) => void timer?.close();
  return {
    setTimeout: (callback: unknown, ms?: number, ...args: unknown[]) => once(callback, ms, args),
    setInterval: (callback: unknown, ms?: number, ...args: unknown[]) => often(callback, ms, args),
    setImmediate: (callback: unknown, ...args: unknown[]) => once(callback, 1, args),
    clearTimeout: stop,
    clearInterval: stop,
    clearImmediate: stop,
  } as unknown as Timers;
}
