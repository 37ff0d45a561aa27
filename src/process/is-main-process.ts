import { isChild } from './child-entry.ts';

/** True in the process that no other process of the family has started. */
export const isMainProcess: boolean = !isChild;
