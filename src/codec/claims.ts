/**
 * What a message to or from a socket may claim beyond its bytes. Both ends count in the same way, so that a message that
 * would be refused on arrival is refused by its sender. Within the family nothing is counted.
 */

/** The largest number of holes in arrays: ten bytes can claim four thousand million of them, and a loop visits them all. */
const MAX_HOLES = 2 ** 16;
/** The largest number of characters in regular expressions. The engine reads some of them a thousand times more slowly than other text. */
const MAX_PATTERNS = 2 ** 16;
/** Matches a set of characters by their property, such as `\p{L}`: a few bytes that take milliseconds. */
const PROPERTY_ESCAPE = /(?:^|[^\\])(?:\\\\)*\\p\{/i;

/** Counts what the current message has claimed. */
export class Claims {
  #holes = 0;
  #patterns = 0;

  /** Starts counting for a new message. */
  restart(): void {
    this.#holes = 0;
    this.#patterns = 0;
  }

  /** Counts more holes. Returns false if they are too many. */
  holes(count: number): boolean {
    this.#holes += Math.max(count, 0);
    return this.#holes <= MAX_HOLES;
  }

  /** Counts a regular expression. Returns false if it would take too long to make. */
  pattern(source: string, flags: string): boolean {
    this.#patterns += source.length;
    return this.#patterns <= MAX_PATTERNS && !(/[uv]/.test(flags) && PROPERTY_ESCAPE.test(source));
  }
}
