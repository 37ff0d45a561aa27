// Three ways to end a task: a time limit, a signal, and cancel(). Its worker alone is replaced; the other tasks go on.
import { Pool } from 'multiproc';

function forever(): never {
  for (;;);
}

await using pool = new Pool(2);
const other = pool.apply((a: number, b: number) => a + b, [20, 22]);

await pool.apply(forever, [], { timeout: 100 }).catch((error) => console.log(error.code, error.message));

const controller = new AbortController();
const search = pool.apply(forever, [], { signal: controller.signal });
setTimeout(() => controller.abort(new Error('found elsewhere')), 100);
await search.catch((error) => console.log(error.message));

const result = pool.applyAsync(forever);
result.cancel();
await result.get().catch((error) => console.log(error.name));

console.log(await other);
