// Compiled, never run: what the types of contexts and thread pools infer and refuse.
import { type Context, getContext, Pool, Process, type StartMethod, setStartMethod, ThreadPool } from 'multiproc';

function expectType<T>(_value: T): void {}

const context: Context = getContext('thread');
expectType<StartMethod>(context.getStartMethod());
// @ts-expect-error there is no fork
getContext('fork');
// @ts-expect-error nor a start method of that name
setStartMethod('threads');

const target = (queue: InstanceType<Context['Queue']>, n: number) => queue.put(n);
const p = new context.Process({ target, args: [new context.Queue<number>(), 1] });
expectType<Process>(p);
// @ts-expect-error a text is no number
new context.Process({ target, args: [new context.Queue<number>(), '1'] });
// @ts-expect-error an argument is missing
new context.Process({ target, args: [new context.Queue<number>()] });

new Process({ context, target: () => {} });
new Pool({ context, processes: 2 });
// @ts-expect-error a name is no context
new Pool({ context: 'thread' });

const pool = new ThreadPool({ processes: 2, initializer: (a: number) => a, initargs: [1] });
expectType<Pool>(pool);
expectType<Promise<number[]>>(pool.map((text: string) => text.length, ['a']));
expectType<Promise<string>>(new context.Pool(1).apply(() => 'text'));
// @ts-expect-error texts are no numbers
pool.map((n: number) => n, ['a']);
// @ts-expect-error it is threads in any case
new ThreadPool({ context });
