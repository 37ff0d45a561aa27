import type { Reply } from './redis.ts';

/** Returns a boolean as scripts take it. */
export function flag(is: boolean): string {
  return is ? '1' : '0';
}

/** True if the reply of a script begins with this word. */
export function says(reply: Reply, word: string): boolean {
  return String(reply[0]) === word;
}
