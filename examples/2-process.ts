// The article's second program: a function in a process of its own.
import { Process } from 'multiproc';

function runProc(name: string) {
  console.log(`Run child process ${name} (${process.pid})...`);
}

console.log(`Parent process ${process.pid}.`);
const p = new Process({ target: runProc, args: ['test'] });
console.log('Process will start.');
p.start();
await p.join();
console.log('Process end.');
