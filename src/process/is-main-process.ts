import { isChild } from './child-entry.ts';

/** True in the main process: the process that was not started by another process of the family. */
export const isMainProcess: boolean = !isChild;
