type Timers = Pick<
  typeof import('node:timers'),
  'clearImmediate' | 'clearInterval' | 'clearTimeout' | 'setImmediate' | 'setInterval' | 'setTimeout'
>;
/** What Node's own `setTimeout` makes an object of. `refresh` is what starts such a timer, `close` stops one. */
type TimeoutClass = new (
  callback: unknown,
  ms: number | undefined,
  args: unknown[],
  repeats: boolean,
  isRefed: boolean,
) => NodeJS.Timeout;

const { bun, deno } = process.versions;

/**
 * Returns the timers of Node, also where the program has replaced them before the library was loaded, as the set-up of its tests may do with
 * fake timers: the family would wait for a clock that somebody else winds, and a program that waits for it alone would end.
 * Throws an error if the timers are replaced and Node's own are not to be found.
 */
export function realTimers(): Timers {
  const timers = process.getBuiltinModule('node:timers');
  if (bun !== undefined || deno !== undefined) return timers;
  const { clearImmediate, clearInterval, clearTimeout, setImmediate, setInterval, setTimeout } = timers;
  const isReal =
    isOwn(setTimeout(nothing, 1e6), clearTimeout) &&
    isOwn(setInterval(nothing, 1e6), clearInterval) &&
    isOwn(setImmediate(nothing), clearImmediate);
  return isReal ? timers : timersOf(timeoutClass());
}

/** Returns the class of dates of the language, also where `Date` is already one that stands still. A clone of a date is made of it. */
export function realDate(): DateConstructor {
  if (/^function Date\(\) \{\s+\[native code\]\s+\}$/.test(Function.prototype.toString.call(Date))) return Date;
  return structuredClone(new Date()).constructor as DateConstructor;
}

function nothing(): void {}

/** Whether Node made the timer. Those of Node are links of a list; `zone.js` hands them on. */
function isOwn<T>(timer: T, clear: (timer: T) => void): boolean {
  clear(timer);
  return typeof timer === 'object' && timer !== null && '_idlePrev' in timer;
}

/** A socket's time limit is a timer that no program replaces: Node makes it of the class itself. */
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

/** There is no class of Node's own immediates to be found: a timer of one millisecond lets the event loop have its turn too. */
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
