import { PlatformError } from '../contracts/errors.ts';
import { type Family, family } from '../memory/family.ts';
import { granuleOf, wordIndex } from '../memory/heap.ts';
import { kinds } from '../memory/kinds.ts';
import { layout } from '../memory/layout.ts';
import { defineKind } from '../memory/object-kinds.ts';
import { Existing, locate, SharedObject } from '../memory/shared-object.ts';
import { line, objectStruct, word, words } from '../memory/struct.ts';
import { parking, pipes } from '../platform/choose.ts';

const { at: field, words: WORDS } = objectStruct({
  /** 1 after the descriptor was taken out; the member that takes it writes it, within the section of parked descriptors. */
  taken: word,
  rest: line(words(0)),
});
/** How many times the kernel is asked for something that it must not refuse. */
const MOST_TRIES = 1000;

/**
 * An open descriptor of the system that is being sent to another member. It is parked in the kernel, in a queue that all members hold, so
 * that it outlives its sender. Its number in that queue is its place in the heap. The first member that takes it has it; a descriptor
 * that no member takes is closed with the last message that refers to it. See connection/README.md, "Descriptors that travel".
 */
export class ParkedDescriptor extends SharedObject {
  /** Parks a copy of the descriptor. */
  constructor(descriptor: number | Existing) {
    super(kinds.DESCRIPTOR, descriptor instanceof Existing ? descriptor : WORDS);
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

  /** Takes the descriptor, which then belongs to this process. Returns `undefined` if another process took it, or was killed while it looked. */
  take(): number | undefined {
    const { family, offset } = locate(this);
    const descriptor = find(family, offset);
    this.close();
    return descriptor;
  }
}

defineKind(kinds.DESCRIPTOR, {
  make: () => ParkedDescriptor,
  destroy: (family, offset) => {
    if (!tryDestroy(family, offset)) destroyLater(family, offset);
    return 'keep';
  },
});

/** Closes a descriptor that no member has taken, and frees the words; returns false if that cannot be found out now. */
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

/** Parks a descriptor, within the section, so that a member that looks through the queue finds room to put others back. */
function park(family: Family, offset: number, descriptor: number): boolean {
  const { parking: queue } = family.pipeSignals!;
  return family.section(layout.parkingSection).run(() => parking().park(queue, granuleOf(offset), descriptor));
}

/**
 * Looks through the queue and moves each other descriptor back to its end. A member that is killed meanwhile takes at most one of them
 * with it; an error changes nothing.
 */
function find(family: Family, offset: number): number | undefined {
  const words = family.heap.words(offset);
  const taken = wordIndex(offset) + field.taken;
  if (words[taken] === 1) return undefined;
  return family.section(layout.parkingSection).run(() => {
    settleMove(family);
    let first: number | undefined;
    for (let found = peek(family); found !== undefined; found = peek(family)) {
      const { ticket, descriptor } = found;
      let isTaken = false;
      try {
        if (ticket === granuleOf(offset)) {
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
  });
}

/** Returns the first descriptor in the queue; uses the reserved descriptor if no other is free. */
function peek({ pipeSignals }: Family): { ticket: number; descriptor: number } | undefined {
  try {
    return parking().peek(pipeSignals!.parking);
  } catch {
    return pipeSignals!.spareDescriptor.lend(() => parking().peek(pipeSignals!.parking));
  }
}

/** Moves the first descriptor in the queue to its end. */
function putBack(family: Family, ticket: number, descriptor: number): void {
  const { parking: queue } = family.pipeSignals!;
  const words = family.heap.words(layout.parkedMoving);
  const moving = wordIndex(layout.parkedMoving);
  words[moving] = ticket;
  if (parking().park(queue, ticket, descriptor)) drop(family);
  else {
    // The queue is full. No other member adds a descriptor, so there is room after a drop.
    drop(family);
    insist(family, () => parking().park(queue, ticket, descriptor));
  }
  words[moving] = 0;
}

/**
 * Drops the first descriptor in the queue if the member that was moving it was killed. It may also be at the end by now, and would be met
 * again as if the search were complete. If it is not at the end, it is the one that is lost with the dead member.
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

/** Takes the first descriptor out of the queue. */
function drop(family: Family): void {
  insist(family, () => parking().drop(family.pipeSignals!.parking));
}

/** Repeats a call that must not fail, because an earlier step cannot be undone: the kernel may be short of memory for a moment. */
function insist({ platform }: Family, attempt: () => boolean): void {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    try {
      if (attempt()) return;
    } catch {
      // The last attempt reports the reason.
    }
    platform.yieldCpu();
  }
  if (!attempt()) throw new PlatformError('The kernel has no memory for a socket that is on its way.');
}

/** Parks a copy of a descriptor of this process. */
export function parkDescriptor(descriptor: number): ParkedDescriptor {
  // Comes first, because it throws if nothing can be parked.
  parking();
  // Founds the family, if this is its first shared object.
  family();
  return new ParkedDescriptor(descriptor);
}
