import { fileURLToPath } from 'node:url';

/** The program of every child, beside this file. */
export const childEntry: string = fileURLToPath(new URL('./child.js', import.meta.url));

/** True if this process is a child: it was started with the program of children. */
export const isChild = process.argv[1] === childEntry;
