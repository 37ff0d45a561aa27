// The article's fifth program: five tasks of three seconds in a pool, as many at once as there are workers.
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'multiproc';

async function longTimeTask(name: number) {
  console.log(`Run task ${name} (${process.pid})...`);
  const start = performance.now();
  await sleep(3000);
  console.log(`Task ${name} runs ${((performance.now() - start) / 1000).toFixed(2)} seconds.`);
}

console.log(`Parent process ${process.pid}.`);
// One worker for each CPU; then five, so that all run at once.
for (const pool of [new Pool(), new Pool(5)]) {
  for (let i = 0; i < 5; i++) pool.applyAsync(longTimeTask, [i]);
  console.log('Waiting for all subprocesses done...');
  pool.close();
  await pool.join();
  console.log('All subprocesses done.');
}
