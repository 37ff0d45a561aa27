import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

fork(fileURLToPath(new URL('empty.mjs', import.meta.url)));
