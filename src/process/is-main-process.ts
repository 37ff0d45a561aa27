import { fileURLToPath } from 'node:url';

/** True in the process that no other process of the family has started. */
export const isMainProcess: boolean = process.argv[1] !== fileURLToPath(new URL('./child.js', import.meta.url));
