import { canPin, pin } from '../memory/pin.ts';
import { files } from '../platform/choose.ts';

/** Views of a thread that have a mapping of their own at once; with 65,530 mappings the kernel gives a process no more. */
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
    // Where buffers can be moved, another one may show the memory by now, and nobody can tell: it shows nothing from here on.
    if (canPin()) files().unmap(address, length);
    else files().blank(address, length);
  } catch {
    // The system has no room for that: the file stays in sight, so it stays held.
    return;
  }
  mapped--;
  onEnd();
});

/** A part of a file, mapped for one buffer: whoever has the memory when the buffer is collected does not see what becomes of the file. */
export class OwnView {
  readonly buffer: ArrayBuffer;
  readonly #address: bigint;
  readonly #length: number;

  /** `onEnd` is called once nobody looks at the file through this any more. */
  constructor(fd: number, offset: number, length: number, onEnd: () => void) {
    const before = offset % PAGE;
    this.#length = before + length;
    this.#address = files().map(fd, offset - before, this.#length);
    this.buffer = pin(files().view(this.#address + BigInt(before), length));
    collected.register(this.buffer, { address: this.#address, length: this.#length, onEnd });
    mapped++;
  }

  /** False while so many are mapped that there should be no more. */
  static get hasRoom(): boolean {
    return mapped < MOST_MAPPINGS;
  }

  /** Lets go of the file at once: whoever still looks finds zeros. */
  blank(): void {
    files().blank(this.#address, this.#length);
  }
}
