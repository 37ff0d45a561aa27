// Compiled, never run: what the types of a Pool infer and refuse.
import { type AsyncResult, Pool } from 'multiproc';

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
// @ts-expect-error the chunks hold numbers
pool.mapChunks((chunk: string[]) => chunk, [1]);

expectType<(n: number) => Promise<string>>(pool.wrap(later));
// @ts-expect-error a wrapped function takes what the function takes
pool.wrap(later)('a');
