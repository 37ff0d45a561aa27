// Compiled, never run: what the types of contexts and thread pools infer and refuse.
import {
  type Context,
  currentProcess,
  getContext,
  Pool,
  Process,
  type ProcessOptions,
  type StartMethod,
  setStartMethod,
  ThreadPool,
} from 'multiproc';

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

// Arguments of several types are known one by one.
new Process({ target: (a, b) => a.trim() + b.toFixed(1), args: ['x', 1] });
new context.Process({ target: (a, b) => a.trim() + b.toFixed(1), args: ['x', 1] });
new Process({ target: (n = 5) => n });
new Process({ target: (...texts: string[]) => texts });
// @ts-expect-error its argument is missing
new Process({ target: (n: number) => n });
// @ts-expect-error as above
new context.Process({ target: (n: number) => n });
// @ts-expect-error a text is no number
new Process({ target: (n: number) => n, args: ['a'] });
// An option that may be missing may be `undefined`, too.
new Process({ name: undefined, args: undefined, daemon: undefined, env: undefined, descendants: undefined });
new Process({ detached: undefined, execArgv: undefined, stdin: undefined, resourceLimits: undefined });
// A subclass hands its options on.
export class Named<A extends readonly unknown[]> extends Process<A> {
  constructor(options: ProcessOptions<A>) {
    super(options);
  }
}

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

const threads = getContext('thread');
const processes = getContext('spawn');
const known: Context[] = [threads, processes, getContext()];
expectType<Context[]>(known);
const of = { execArgv: ['--no-warnings'], stdin: 'inherit' } as const;
const resourceLimits = { maxOldGenerationSizeMb: 64 };
new Process({ ...of, detached: true });
new Process({ resourceLimits });
new Pool({ ...of, env: { A: '1' } });
new Pool({ resourceLimits });
new Process({ ...of, detached: true, context: processes });
new Process({ resourceLimits, context: threads });
new Pool({ ...of, context: processes });
new Pool({ resourceLimits, context: threads });
new processes.Process({ ...of, detached: true });
new threads.Process({ resourceLimits });
new processes.Pool({ ...of });
new threads.Pool({ resourceLimits });
new ThreadPool({ resourceLimits });
// @ts-expect-error a thread has the options of its process
new Process({ execArgv: [], context: threads });
// @ts-expect-error a thread ends with its process
new Process({ detached: true, context: threads });
// @ts-expect-error it limits threads
new Process({ resourceLimits, context: processes });
// @ts-expect-error as above
new Pool({ stdin: 'inherit', context: threads });
// @ts-expect-error as above
new Pool({ resourceLimits, context: processes });
// @ts-expect-error as above
new threads.Process({ detached: true });
// @ts-expect-error as above
new processes.Process({ resourceLimits });
// @ts-expect-error as above
new threads.Pool({ execArgv: [] });
// @ts-expect-error as above
new processes.Pool({ resourceLimits });
// @ts-expect-error as above
new ThreadPool({ execArgv: [] });
// @ts-expect-error which of them it is nobody knows
new context.Pool({ execArgv: [] });
expectType<number | undefined>(currentProcess().index);
// @ts-expect-error there is no such place to read from
new Process({ stdin: 'pipe' });
