import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

for (let i = 0; i < 2; i++) fork(fileURLToPath(new URL('empty.mjs', import.meta.url)));
