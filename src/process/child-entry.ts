import { extname, join } from 'node:path';
import { watchPreloading } from '../loading/loaded-for-functions.ts';

/** The program of every child, beside this file. */
export const childEntry: string = join(__dirname, `child${extname(__filename)}`);

/** True if this process is a child: it was started with the program of children. */
const isChild = process.argv[1] === childEntry;

/** True in the main process: the process that was not started by another process of the family. */
export const isMainProcess: boolean = !isChild;

// The entry is a CommonJS file: until it runs, modules are loaded by options of node.
if (isChild && process.mainModule === undefined) watchPreloading();
