import { canPin, pin } from '../memory/pin.ts';
import { files } from '../platform/choose.ts';

/** The largest number of views of a thread with mappings of their own; the kernel gives a process at most 65,530 mappings. */
const MOST_MAPPINGS = 2 ** 14;
const PAGE = 4096;

interface Mapping {
  readonly address: bigint;
  readonly length: number;
  readonly onEnd: () => void;
}

let mapped = 0;

const collected = new FinalizationRegistry<Mapping>(({ address, length, onEnd }) => {
  try {
    // If buffers can be moved, another buffer may show the memory by now, and this cannot be seen: the mapping stays, and shows nothing
    // from here on.
    if (canPin()) files().unmap(address, length);
    else files().blank(address, length);
  } catch {
    // The system has no room for the change: the file stays visible, so it stays held.
    return;
  }
  mapped--;
  onEnd();
});

/**
 * A part of a file, mapped for one buffer. Code that has the memory when the buffer is collected does not see what happens to the file
 * afterwards.
 */
export class OwnView {
  readonly buffer: ArrayBuffer;
  readonly #address: bigint;
  readonly #length: number;

  /** `onEnd` is called when the file cannot be seen through this object any more. */
  constructor(fd: number, offset: number, length: number, onEnd: () => void) {
    const before = offset % PAGE;
    this.#length = before + length;
    this.#address = files().map(fd, offset - before, this.#length);
    this.buffer = pin(files().view(this.#address + BigInt(before), length));
    collected.register(this.buffer, { address: this.#address, length: this.#length, onEnd });
    mapped++;
  }

  /** False if no more views should be mapped. */
  static get hasRoom(): boolean {
    return mapped < MOST_MAPPINGS;
  }

  /** Releases the file at once: remaining views read zeros. */
  blank(): void {
    files().blank(this.#address, this.#length);
  }
}
