import type { ValueWriter } from './extension.ts';

/** What becomes of files that a message names, and of stacks, when the message goes to another machine or comes from one. */
export interface Border {
  /**
   * Returns the URL that goes into the message for the file with `url`. `isLoaded` is true if the receiver loads the file, false if the file is a place from which others
   * are found. Refuses a file that the receiver cannot have.
   */
  leave(url: string, isLoaded: boolean, out: ValueWriter): string;
  /** A text of a function leaves. `places` are the URLs of the files by which the text finds others. */
  text?(code: string, places: readonly string[], out: ValueWriter): void;
  /** Returns the stack as the receiver is to see it. */
  stack?(stack: string): string;
  /** Returns the URL that this process has for a file that a message names. */
  arrive?(url: string): string;
}

let border: Border | undefined;

/** Returns what holds for the message that is being written or read; `undefined` within a family. */
export function currentBorder(): Border | undefined {
  return border;
}

/** Runs `work`, which writes or reads messages, with a border. */
export function acrossBorder<T>(held: Border | undefined, work: () => T): T {
  const before = border;
  border = held;
  try {
    return work();
  } finally {
    border = before;
  }
}
