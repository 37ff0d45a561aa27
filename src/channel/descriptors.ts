import { type Family, family, registerDestroyer } from '../memory/family.ts';
import { GRANULE, wordIndex } from '../memory/heap.ts';
import { layout } from '../memory/layout.ts';
import { Existing, locate, SharedObject } from '../memory/shared-object.ts';
import { parking } from '../platform/choose.ts';

/** The number of this kind among shared objects. */
export const DESCRIPTOR_KIND = 42;
/** Words: 1 once it was taken out; written by who takes it, within the section of the parked ones. */
const field = { taken: 2, words: 16 } as const;

/**
 * An open descriptor of the system on its way to another member: parked in the kernel, whose queue all members hold, so that it
 * outlives its sender. Its number in that queue is its place in the heap. Who takes it first has it; what nobody takes is closed
 * with the last message that refers to it. See connection/README.md, "Descriptors that travel".
 */
export class ParkedDescriptor extends SharedObject {
  /** Parks a copy of the descriptor. */
  constructor(descriptor: number | Existing) {
    super(DESCRIPTOR_KIND, descriptor instanceof Existing ? descriptor : field.words);
    if (descriptor instanceof Existing) return;
    const { family, offset } = locate(this);
    try {
      parking().park(family.parking, offset / GRANULE, descriptor);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Takes the descriptor, which is this process's then; `undefined` if another did, or was killed while it looked. */
  take(): number | undefined {
    const { family, offset } = locate(this);
    const descriptor = find(family, offset);
    this.close();
    return descriptor;
  }
}

registerDestroyer(DESCRIPTOR_KIND, (family, offset) => {
  const descriptor = find(family, offset);
  if (descriptor !== undefined) family.platform.close(descriptor);
});

/** Looks through the queue, each of the others back to its end. Killed in between, a member takes at most one of those with it. */
function find(family: Family, offset: number): number | undefined {
  const words = family.heap.words(offset);
  const taken = wordIndex(offset) + field.taken;
  if (words[taken] === 1) return undefined;
  const section = family.section(layout.parkingSection);
  section.enter();
  try {
    words[taken] = 1;
    const { park, take } = parking();
    let first: number | undefined;
    for (let found = take(family.parking); found !== undefined; found = take(family.parking)) {
      const { ticket, descriptor } = found;
      if (ticket === offset / GRANULE) return descriptor;
      park(family.parking, ticket, descriptor);
      family.platform.close(descriptor);
      if (ticket === first) return undefined;
      first ??= ticket;
    }
    return undefined;
  } finally {
    section.leave();
  }
}

/** Parks a copy of a descriptor of this process. */
export function parkDescriptor(descriptor: number): ParkedDescriptor {
  // Founds the family, if this is its first shared object.
  family();
  return new ParkedDescriptor(descriptor);
}
