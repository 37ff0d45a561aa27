import { PlatformError } from '../errors.ts';
import { type Family, family, registerDestroyer } from '../memory/family.ts';
import { GRANULE, wordIndex } from '../memory/heap.ts';
import { layout } from '../memory/layout.ts';
import { Existing, locate, SharedObject } from '../memory/shared-object.ts';
import { parking, pipes } from '../platform/choose.ts';

/** The number of this kind among shared objects. */
export const DESCRIPTOR_KIND = 42;
/** Words: 1 once it was taken out; written by who takes it, within the section of the parked ones. */
const field = { taken: 2, words: 16 } as const;
/** How often the kernel is asked for what it must not refuse. */
const MOST_TRIES = 1000;

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
      if (park(family, offset, descriptor)) return;
    } catch (error) {
      this.close();
      throw error;
    }
    this.close();
    throw new PlatformError('Too many sockets are on their way between processes: wait until some have been received.');
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
  if (!tryDestroy(family, offset)) destroyLater(family, offset);
  return 'keep';
});

/** Closes what nobody has taken, and frees the words; false where that cannot be found out now. */
function tryDestroy(family: Family, offset: number): boolean {
  try {
    const descriptor = find(family, offset);
    if (descriptor !== undefined) pipes().close(descriptor);
  } catch {
    return false;
  }
  family.allocator.free(offset);
  return true;
}

function destroyLater(family: Family, offset: number): void {
  family.parker.remind(() => {
    if (!tryDestroy(family, offset)) destroyLater(family, offset);
  });
}

/** Puts it in: within the section, so that who looks through the queue finds room to put back what is another's. */
function park(family: Family, offset: number, descriptor: number): boolean {
  const section = family.section(layout.parkingSection);
  section.enter();
  try {
    return parking().park(family.pipeSignals!.parking, offset / GRANULE, descriptor);
  } finally {
    section.leave();
  }
}

/**
 * Looks through the queue, each of the others back to its end. Killed in between, a member takes at most one of those with it; an
 * error changes nothing.
 */
function find(family: Family, offset: number): number | undefined {
  const words = family.heap.words(offset);
  const taken = wordIndex(offset) + field.taken;
  if (words[taken] === 1) return undefined;
  const section = family.section(layout.parkingSection);
  section.enter();
  try {
    settleMove(family);
    let first: number | undefined;
    for (let found = peek(family); found !== undefined; found = peek(family)) {
      const { ticket, descriptor } = found;
      let isTaken = false;
      try {
        if (ticket === offset / GRANULE) {
          drop(family);
          words[taken] = 1;
          isTaken = true;
          return descriptor;
        }
        if (ticket === first) break;
        first ??= ticket;
        putBack(family, ticket, descriptor);
      } finally {
        if (!isTaken) pipes().close(descriptor);
      }
    }
    words[taken] = 1;
    return undefined;
  } finally {
    section.leave();
  }
}

/** The first in the queue; with the descriptor in reserve where no other is free. */
function peek({ pipeSignals }: Family): { ticket: number; descriptor: number } | undefined {
  try {
    return parking().peek(pipeSignals!.parking);
  } catch {
    return pipeSignals!.spareDescriptor.lend(() => parking().peek(pipeSignals!.parking));
  }
}

/** Moves the first in the queue to its end. */
function putBack(family: Family, ticket: number, descriptor: number): void {
  const { parking: queue } = family.pipeSignals!;
  const words = family.heap.words(layout.parkedMoving);
  const moving = wordIndex(layout.parkedMoving);
  words[moving] = ticket;
  if (parking().park(queue, ticket, descriptor)) drop(family);
  else {
    // It is full: nobody else puts anything in, so there is room then.
    drop(family);
    insist(family, () => parking().park(queue, ticket, descriptor));
  }
  words[moving] = 0;
}

/**
 * Drops the first in the queue where its mover was killed: it may be at the end as well, by now, and would be met again as if all had been
 * looked at. If it is not, it is the one that goes with the dead.
 */
function settleMove(family: Family): void {
  const words = family.heap.words(layout.parkedMoving);
  const moving = wordIndex(layout.parkedMoving);
  if (words[moving] === 0) return;
  const found = peek(family);
  if (found !== undefined) {
    try {
      if (found.ticket === words[moving]) drop(family);
    } finally {
      pipes().close(found.descriptor);
    }
  }
  words[moving] = 0;
}

/** Takes the first out of the queue. */
function drop(family: Family): void {
  insist(family, () => parking().drop(family.pipeSignals!.parking));
}

/** Does what must not fail, since something else was done before: once more, where the kernel is short of memory for a moment. */
function insist({ platform }: Family, attempt: () => boolean): void {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    try {
      if (attempt()) return;
    } catch {
      // The last one says why.
    }
    platform.yieldCpu();
  }
  if (!attempt()) throw new PlatformError('The kernel has no memory for a socket that is on its way.');
}

/** Parks a copy of a descriptor of this process. */
export function parkDescriptor(descriptor: number): ParkedDescriptor {
  // Before anything is made: it throws where nothing can be parked.
  parking();
  // Founds the family, if this is its first shared object.
  family();
  return new ParkedDescriptor(descriptor);
}
