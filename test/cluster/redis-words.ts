// The two halves of Redis' protocol, as far as a proxy must know where a command or a reply ends.

/** Takes whole commands off a stream of bytes. */
export class Commands {
  #rest = Buffer.alloc(0);

  /** Returns the commands that these bytes complete: the bytes of each, and its words. */
  take(bytes: Buffer): { bytes: Buffer; words: string[] }[] {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const found: { bytes: Buffer; words: string[] }[] = [];
    for (;;) {
      const words: string[] = [];
      const end = commandEnd(this.#rest, words);
      if (end === -1) return found;
      found.push({ bytes: this.#rest.subarray(0, end), words });
      this.#rest = this.#rest.subarray(end);
    }
  }
}

/** Takes whole replies off a stream of bytes. */
export class Replies {
  #rest = Buffer.alloc(0);

  /** Returns the replies that these bytes complete; `isPush` is true for a message that answers no command. */
  take(bytes: Buffer): { bytes: Buffer; isPush: boolean }[] {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const found: { bytes: Buffer; isPush: boolean }[] = [];
    for (;;) {
      const end = replyEnd(this.#rest, 0);
      if (end === -1) return found;
      found.push({ bytes: this.#rest.subarray(0, end), isPush: this.#rest[0] === 0x3e });
      this.#rest = this.#rest.subarray(end);
    }
  }
}

function commandEnd(bytes: Buffer, words: string[]): number {
  const line = bytes.indexOf('\r\n');
  if (line === -1) return -1;
  let at = line + 2;
  for (let left = Number(bytes.toString('latin1', 1, line)); left > 0; left--) {
    const end = bytes.indexOf('\r\n', at);
    if (end === -1) return -1;
    const length = Number(bytes.toString('latin1', at + 1, end));
    if (bytes.length < end + 2 + length + 2) return -1;
    // What is long is a value.
    words.push(bytes.toString('latin1', end + 2, end + 2 + Math.min(length, 400)));
    at = end + 2 + length + 2;
  }
  return at;
}

function replyEnd(bytes: Buffer, start: number): number {
  const line = bytes.indexOf('\r\n', start);
  if (line === -1) return -1;
  const kind = String.fromCharCode(bytes[start]!);
  const count = Number(bytes.toString('latin1', start + 1, line));
  let at = line + 2;
  if ('$=!'.includes(kind)) {
    if (count < 0) return at;
    return bytes.length >= at + count + 2 ? at + count + 2 : -1;
  }
  if (!'*~>%'.includes(kind)) return at;
  for (let left = kind === '%' ? 2 * count : count; left > 0; left--) {
    at = replyEnd(bytes, at);
    if (at === -1) return -1;
  }
  return at;
}
