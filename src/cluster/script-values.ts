import type { Reply } from './redis.ts';

/** A truth as a script takes it. */
export function flag(is: boolean): string {
  return is ? '1' : '0';
}

/** True if a script has answered with that word. */
export function says(reply: Reply, word: string): boolean {
  return String(reply[0]) === word;
}
