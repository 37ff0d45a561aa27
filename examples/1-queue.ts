// Python's `queue` in one process: put, get, look, and hit both ends.
import { inspect } from 'node:util';
import { Empty, Full, Queue } from 'multiproc/queue';

const show = (call: string, result: unknown): void => console.log(`>>> ${call}\n${inspect(result)}`);

const q = new Queue(10);

await q.put('yang');
await q.put(4);
await q.put(['yan', 'xing']);

show('q.qsize()', q.qsize());
show('q.get()', await q.get());
show('q.get()', await q.get());
show('q.get()', await q.get());
show('q.empty()', q.empty());

try {
  q.getNowait();
} catch (error) {
  if (!(error instanceof Empty)) throw error;
  console.log(`>>> q.getNowait()\n${error.name}: ${error.message}`);
}

for (let i = 0; i < 10; i++) await q.put(i);
show('q.full()', q.full());

try {
  q.putNowait('one too many');
} catch (error) {
  if (!(error instanceof Full)) throw error;
  console.log(`>>> q.putNowait('one too many')\n${error.name}: ${error.message}`);
}
