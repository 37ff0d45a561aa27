import { Process } from 'multiproc';

const child = new Process({ target: () => {} });
child.start();
await child.join();
