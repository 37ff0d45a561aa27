/**
 * What one message may claim beyond its bytes, where it goes to a socket or comes from one: both ends count alike, so that what
 * would be refused where it arrives is refused where it is sent. Within the family nobody counts these.
 */

/** Places in arrays that nothing fills: ten bytes can say four thousand million of them, and a loop goes through all. */
const MAX_HOLES = 2 ** 16;
/** Characters of regular expressions. The engine reads some of them a thousand times more slowly than other text. */
const MAX_PATTERNS = 2 ** 16;
/** A set of characters by their property, such as `\p{L}`: a few bytes that are milliseconds of work. */
const PROPERTY_ESCAPE = /(?:^|[^\\])(?:\\\\)*\\p\{/i;

/** What the message under way has claimed. */
export class Claims {
  #holes = 0;
  #patterns = 0;

  /** Says that a message begins. */
  restart(): void {
    this.#holes = 0;
    this.#patterns = 0;
  }

  /** So many places more that nothing fills; false where that is too much. */
  holes(count: number): boolean {
    this.#holes += Math.max(count, 0);
    return this.#holes <= MAX_HOLES;
  }

  /** A regular expression more; false where it takes too long to make. */
  pattern(source: string, flags: string): boolean {
    this.#patterns += source.length;
    return this.#patterns <= MAX_PATTERNS && !(/[uv]/.test(flags) && PROPERTY_ESCAPE.test(source));
  }
}
