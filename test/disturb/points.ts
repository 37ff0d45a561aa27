/**
 * What stands in the instrumented library (scripts/instrument.mjs) in place of each write to shared memory and each call of the system:
 * the same, but that `visit` is asked first. It knows nothing of the library, which imports it.
 */

/** Is told of each point before it is passed; answers the error number that the call there is to fail with, 0 for none. */
export type Visit = (point: number, call?: string) => number;

// biome-ignore lint/suspicious/noExplicitAny: of anything.
type Any = any;
type Function = (...args: Any[]) => Any;

/** The buffers that other processes see. */
const mapped = new WeakSet<ArrayBufferLike>();
/** What the last call has failed with if it was made to fail. */
let pretended = 0;

function isShared(target: unknown): boolean {
  if (!ArrayBuffer.isView(target)) return false;
  return target.buffer instanceof SharedArrayBuffer || mapped.has(target.buffer);
}

function atomic(name: 'store' | 'exchange' | 'compareExchange' | 'add' | 'sub' | 'and' | 'or' | 'xor'): Function {
  const operation = Atomics[name] as Function;
  return (point: number, ...args: unknown[]) => {
    made.visit?.(point);
    return operation(...args);
  };
}

const made = {
  visit: undefined as Visit | undefined,

  store: atomic('store'),
  exchange: atomic('exchange'),
  compareExchange: atomic('compareExchange'),
  add: atomic('add'),
  sub: atomic('sub'),
  and: atomic('and'),
  or: atomic('or'),
  xor: atomic('xor'),

  /** `target[key] = value` */
  put(point: number, target: Any, key: Any, value: unknown): unknown {
    if (made.visit !== undefined && isShared(target)) made.visit(point);
    target[key] = value;
    return value;
  },

  /** What one element of is changed right now in another way. */
  of<T>(point: number, target: T): T {
    if (made.visit !== undefined && isShared(target)) made.visit(point);
    return target;
  },

  /** Something that was taken for this thread's own. */
  own<T>(target: T): T {
    if (isShared(target))
      throw new Error('A store into shared memory was taken for another: see scripts/private-stores.mjs');
    return target;
  },

  /** `target.fill(0)` and the like. */
  fill(point: number, target: Any, method: string, ...args: unknown[]): unknown {
    if (made.visit !== undefined && isShared(target)) made.visit(point);
    return target[method](...args);
  },

  /** A function of the system's. */
  call(point: number, name: string, fn: Function, ...args: Any[]): unknown {
    pretended = made.visit?.(point, name) ?? 0;
    return pretended === 0 ? fn(...args) : failed(name, fn, args);
  },

  /** A function of Node's that calls the system. */
  method(point: number, object: Any, name: string, ...args: unknown[]): unknown {
    const errno = made.visit?.(point, name) ?? 0;
    if (errno !== 0) throw systemError(name, errno, args[0]);
    return object[name](...args);
  },

  errno: (koffi: { errno(): number }): number => (pretended === 0 ? koffi.errno() : pretended),

  /** Memory that other processes see, as well. */
  view(buffer: ArrayBuffer): ArrayBuffer {
    mapped.add(buffer);
    return buffer;
  },
};

// Where a buffer can be kept from being moved, the library moves it once itself (memory/pin.ts).
const movable = ArrayBuffer.prototype as ArrayBuffer & { transfer?(length?: number): ArrayBuffer };
const { transfer } = movable;
if (transfer !== undefined) {
  movable.transfer = function (this: ArrayBuffer, ...args: [length?: number]) {
    const isMapped = mapped.has(this);
    const moved = transfer.apply(this, args);
    if (isMapped) mapped.add(moved);
    return moved;
  };
}

/** What the caller gets, as from the kernel: the call is not made. */
function failed(name: string, fn: Function, args: Any[]): unknown {
  if (name === 'mmap') return -1n;
  if (name.startsWith('pthread_')) return pretended;
  // Node tells the reason later, whichever it is.
  if (name === 'spawn') return fn('/no/such/program', ...args.slice(1));
  return -1;
}

function systemError(method: string, errno: number, path: unknown): Error {
  const { getSystemErrorMap } = process.getBuiltinModule('node:util');
  const [code, text] = getSystemErrorMap().get(-errno) ?? [`E${errno}`, 'unknown'];
  const syscall = method.replace(/(File)?Sync$/, '');
  const where = typeof path === 'string' ? ` '${path}'` : '';
  return Object.assign(new Error(`${code}: ${text}, ${syscall}${where}`), { code, errno: -errno, syscall });
}

declare global {
  var multiprocPoints: typeof made | undefined;
}

/** The same for the library and for the tests, which have each a copy of this file. */
globalThis.multiprocPoints ??= made;
export const points = globalThis.multiprocPoints;
