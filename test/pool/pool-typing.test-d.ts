// Compiled, never run: what the types of a Pool infer and refuse.
import { type AsyncResult, currentTask, Pool } from 'multiproc';

function expectType<T>(_value: T): void {}

const pool = new Pool({ processes: 2, initializer: (a: number) => a, initargs: [1] });
const length = (text: string, plus = 0): number => text.length + plus;
const later = async (n: number): Promise<string> => String(n);

expectType<Promise<number>>(pool.apply(length, ['a', 1]));
expectType<Promise<string>>(pool.apply(later, [1]));
expectType<Promise<number>>(pool.apply(() => 5));
expectType<number>(pool.applySync(length, ['a', 1]));
expectType<AsyncResult<string>>(pool.applyAsync(later, [1], { callback: (text) => text.toUpperCase() }));
// @ts-expect-error a number is no text
pool.apply(length, [1, 1]);
// @ts-expect-error an argument is missing
pool.apply(length, []);
// @ts-expect-error all arguments are missing
pool.apply(length);
// @ts-expect-error all arguments are missing
pool.apply((x: number) => x.toFixed(1));
// @ts-expect-error all arguments are missing
pool.apply(length, undefined, { retries: 1 });
// @ts-expect-error all arguments are missing
pool.applySync(length);
// @ts-expect-error all arguments are missing
pool.applyAsync(length, undefined, { callback: () => {} });
// @ts-expect-error one argument too many
pool.apply(length, ['a', 1, 2]);
expectType<Promise<number>>(pool.apply((n = 5) => n, undefined, { retries: 1 }));
expectType<Promise<number>>(pool.apply(length, ['a']));
// Arguments of several types are known one by one.
expectType<Promise<string>>(pool.apply((a, b) => a.trim() + b.toFixed(1), ['a', 1]));
expectType<string>(pool.applySync((a, b) => a.trim() + b.toFixed(1), ['a', 1]));
expectType<AsyncResult<string>>(pool.applyAsync((a, b) => a.trim() + b.toFixed(1), ['a', 1]));
const rest = (...texts: string[]): number => texts.length;
expectType<Promise<number>>(pool.apply(rest));
expectType<Promise<number>>(pool.apply(rest, ['a', 'b'] as readonly string[]));
expectType<Promise<number>>(pool.apply(Math.max, [3, 7]));
// An option that may be missing may be `undefined`, too.
const maybe = undefined as number | undefined;
pool.apply(length, ['a'], { timeout: maybe, retries: maybe, priority: maybe, signal: undefined });
pool.map(later, [1], { chunksize: maybe, buffersize: maybe, failFast: undefined, onProgress: undefined });
pool.applyAsync(later, [1], { callback: undefined, errorCallback: undefined });
new Pool({
  processes: maybe,
  initializer: undefined,
  initargs: undefined,
  finalizer: undefined,
  concurrency: maybe,
  maxTasksPerChild: maybe,
  maxMemoryPerChild: maybe,
  name: undefined,
  env: undefined,
  execArgv: undefined,
  stdin: undefined,
  resourceLimits: undefined,
});
// @ts-expect-error the task answers no number
expectType<Promise<number>>(pool.apply(later, [1]));
// @ts-expect-error there is no such option
pool.apply(length, ['a', 1], { timeOut: 5 });

expectType<Promise<string[]>>(pool.map(later, [1, 2]));
expectType<string[]>(pool.mapSync(later, new Set([1])));
expectType<AsyncResult<string[]>>(pool.mapAsync(later, [1]));
// @ts-expect-error texts are no numbers
pool.map(later, ['a']);
// @ts-expect-error the items must be there at once
pool.mapSync(later, (async function* () {})());

expectType<Promise<number[]>>(pool.starmap((a: number, b: string) => a + b.length, [[1, 'a']]));
expectType<Promise<string[]>>(pool.starmap((a, b) => a.toFixed() + b.trim(), [[1, 'a'] as const]));
// @ts-expect-error the second one is a text
pool.starmap((a: number, b: string) => a + b.length, [[1, 2]]);

expectType<AsyncIterableIterator<string>>(pool.imap(later, [1]));
expectType<AsyncIterableIterator<string>>(
  pool.imapUnordered(
    later,
    (async function* () {
      yield 1;
    })(),
  ),
);

expectType<Promise<number[]>>(pool.mapChunks((chunk: number[], start) => chunk.length + start, [1, 2]));
expectType<Promise<Float64Array[]>>(pool.mapChunks((chunk: Float64Array) => chunk, new Float64Array(2)));
expectType<Promise<Float64Array[]>>(pool.mapChunks((chunk) => chunk.subarray(1), new Float64Array(2)));
expectType<Promise<bigint[]>>(pool.mapChunks((chunk) => chunk[0] ?? 0n, new BigInt64Array(2)));
expectType<Promise<string[]>>(pool.mapChunks((chunk) => chunk.toString('utf8'), Buffer.from('text')));
expectType<Promise<number[]>>(pool.mapChunks((chunk) => chunk.push(1), [1, 2]));
expectType<Promise<number[]>>(pool.mapChunks((chunk) => chunk.push('b'), new Set(['a'])));
expectType<Promise<number[]>>(
  pool.mapChunks(
    (chunk) => chunk.push('a'),
    (async function* () {
      yield 'a';
    })(),
  ),
);
// @ts-expect-error a part of a typed array is a typed array
pool.mapChunks((chunk) => chunk.push(1), new Float64Array(4));
// @ts-expect-error as above
pool.mapChunks((chunk: number[]) => chunk.push(1), new Float64Array(4));
// @ts-expect-error a DataView has no items
pool.mapChunks((chunk: DataView) => chunk.byteLength, new DataView(new ArrayBuffer(1)));
// @ts-expect-error the chunks hold numbers
pool.mapChunks((chunk: string[]) => chunk, [1]);

expectType<(n: number) => Promise<string>>(pool.wrap(later));
// @ts-expect-error a wrapped function takes what the function takes
pool.wrap(later)('a');

pool.apply(length, ['a'], { retries: 2, retryDelay: 100 });
pool.map((x: number) => x, [1], { retries: 2, retryDelay: { delay: 100, factor: 2, jitter: 0.5 } });
// @ts-expect-error a delay is a number of milliseconds
pool.apply(length, ['a'], { retries: 2, retryDelay: '1s' });
// @ts-expect-error the first delay is missing
pool.apply(length, ['a'], { retries: 2, retryDelay: { factor: 2 } });
expectType<{ id: string; attempt: number; fence: bigint; host: string; signal: AbortSignal } | undefined>(
  currentTask(),
);
// @ts-expect-error outside of a task there is none
currentTask().id;
