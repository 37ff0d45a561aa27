import { setStartMethod } from 'multiproc';

// What runs beside this one, a process otherwise, is a thread then.
setStartMethod('thread');
for (const name of ['queues', 'locks', 'pools', 'connections']) {
  await import(new URL(`./${name}.test.js`, import.meta.url).href);
}
