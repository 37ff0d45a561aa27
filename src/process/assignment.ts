import { unpack } from '../channel/transport.ts';
import { createObject, type HeldObject } from '../memory/create-object.ts';
import type { Family } from '../memory/family.ts';
import { granuleOf, placeOf, wordIndex } from '../memory/heap.ts';
import { kinds } from '../memory/kinds.ts';
import { layout } from '../memory/layout.ts';
import { field } from '../memory/members.ts';
import { defineKind, letGoOf, releaseObject } from '../memory/object-kinds.ts';
import { from, objectStruct, word, words } from '../memory/struct.ts';
import {
  commitEnvelope,
  discardEnvelope,
  type Envelope,
  envelopeWords,
  readAttachments,
  takeEnvelope,
  viewEnvelope,
  writeEnvelope,
} from '../ring/envelope.ts';
import type { IndexClaim } from './own-index.ts';
import type { StartMethod } from './start-method.ts';

/** The information that a child needs before it can decode its work. Plain data, because modules must be imported first. */
export interface Brief {
  /** URLs of the modules that the work refers to. */
  readonly modules: readonly string[];
  readonly argv: readonly string[];
  /** True for work that does nothing: another assignment follows. */
  readonly isWarmUp: boolean;
  /** The name of the process that does the work. */
  readonly name: string;
  /** For a worker of a pool: its number among the workers, from 0 on. */
  readonly index: IndexClaim | undefined;
  readonly takesDescendantsAlong: boolean;
  readonly startMethod: StartMethod;
  /** True if stacks of the parent show the original source; stacks of the child then do so too. */
  readonly mapsStacks: boolean;
  readonly parent: { readonly pid: number; readonly name: string };
}

/** The words of an assignment, before its brief and its work. The maker writes each once, and the taker `isFilled`. */
const { at: own, words: WORDS } = objectStruct({
  /** The word at which the envelope with the work starts. */
  work: word,
  /** The length of the brief in bytes. */
  briefBytes: word,
  /** 1 while what belongs to the envelope is the assignment's. */
  isFilled: word,
  /** The brief as JSON. */
  brief: from(6, words(0)),
});

/** An assignment that this member holds. */
export type Assignment = HeldObject;

defineKind(kinds.ASSIGNMENT, {
  destroy: (family, object) => {
    const words = family.heap.words(object);
    if (words[wordIndex(object) + own.isFilled] === 0) return;
    const work = workOf(family, object);
    discardEnvelope(family, readAttachments(family.heap.words(work), wordIndex(work)));
  },
});

/** Writes the work and its brief into the heap; the assignment takes over what the work holds. */
export function writeAssignment(family: Family, work: Envelope, brief: Brief): Assignment {
  const text = Buffer.from(JSON.stringify(brief));
  const start = (WORDS + Math.ceil(text.length / 4) + 1) & ~1;
  const assignment = createObject(family, kinds.ASSIGNMENT, { words: start + envelopeWords(work), zeroed: WORDS });
  const { object } = assignment;
  const at = wordIndex(object);
  const words = family.heap.words(object);
  words[at + own.work] = start;
  words[at + own.briefBytes] = text.length;
  try {
    family.heap.octets(object).set(text, (at + own.brief) * 4);
    writeEnvelope(family, object, at + start, work);
    commitEnvelope(family, work, 0, object + own.isFilled * 4, 1);
  } catch (error) {
    dropAssignment(family, assignment);
    throw error;
  }
  return assignment;
}

/** Frees an assignment that was not given to a child. */
export function dropAssignment(family: Family, { object, entry }: Assignment): void {
  letGoOf(family, object, entry);
}

/** Gives a child its assignment, in place of one that it has not taken yet. */
export function assign(family: Family, child: number, assignment: Assignment): void {
  const { references, intents, members, parker } = family;
  const { object, entry } = assignment;
  let before = 0;
  let isGone = false;
  family.section(layout.familySection).run(() => {
    isGone = members.isKnownGone(child);
    if (!isGone) {
      before = members.get(child, field.assignment);
      intents.give(layout.familySection, members.place(child, field.assignment));
      references.mark(entry);
      // SYNC(assignment): the child sees the object as written.
      members.set(child, field.assignment, granuleOf(object));
      references.remove(entry);
      intents.end();
    }
  });
  // No member would find the assignment there.
  if (isGone) dropAssignment(family, assignment);
  if (before !== 0) releaseObject(family, placeOf(before));
  parker.wake(child);
}

/** Takes this member's assignment; returns `undefined` if there is none yet. The assignment keeps what the work refers to until `readWork`, because modules are imported before. */
export function takeAssignment(family: Family): Assignment | undefined {
  const { references, intents, me, members } = family;
  if (members.get(me, field.assignment) === 0) return undefined;
  references.reserve(1);
  return family.section(layout.familySection).run(() => {
    // SYNC(assignment): sees the object as written.
    const object = placeOf(members.get(me, field.assignment));
    intents.take(layout.familySection, members.place(me, field.assignment));
    const entry = references.addMarked(object);
    members.set(me, field.assignment, 0);
    references.unmark(entry);
    intents.end();
    return { object, entry };
  });
}

/** Returns the brief of an assignment that was taken. */
export function readBrief(family: Family, { object }: Assignment): Brief {
  const words = family.heap.words(object);
  const at = wordIndex(object);
  const start = (at + own.brief) * 4;
  const text = family.heap.octets(object).subarray(start, start + (words[at + own.briefBytes] as number));
  return JSON.parse(Buffer.from(text).toString()) as Brief;
}

/** Returns the work of an assignment that was taken, and uses the assignment up. */
export function readWork(family: Family, { object, entry }: Assignment): unknown {
  try {
    const { envelope, start } = viewEnvelope(family, workOf(family, object));
    family.references.reserve(envelope.handles.length);
    takeEnvelope(family, envelope, object + own.isFilled * 4, 0);
    return unpack(family, envelope, start);
  } finally {
    letGoOf(family, object, entry);
  }
}

function workOf(family: Family, object: number): number {
  return object + (family.heap.words(object)[wordIndex(object) + own.work] as number) * 4;
}
