/** A module of the program, as it loads the library, with state that its functions share. */
import { Lock } from 'multiproc';

export const lock = new Lock();
export const entries = new Map<string, number>();
export let puts = 0;

export function put(key: string, value: number): void {
  entries.set(key, value);
  puts++;
}

export const find = (key: string): number | undefined => entries.get(key);
