import { unpack } from '../channel/transport.ts';
import { type Family, onAbandonedAssignment } from '../memory/family.ts';
import { GRANULE, wordIndex } from '../memory/heap.ts';
import { field } from '../memory/members.ts';
import {
  claimParcel,
  discardParcel,
  type Parcel,
  parcelWords,
  readAttachments,
  surrenderParcel,
  viewParcel,
  writeParcel,
} from '../ring/parcel.ts';
import type { IndexClaim } from './own-index.ts';
import type { StartMethod } from './start-method.ts';

/** The information that a child needs before it can decode its work. Plain data, because modules must be imported first. */
export interface Brief {
  /** URLs of the modules that the work refers to. */
  readonly modules: readonly string[];
  readonly argv: readonly string[];
  /** True for work that does nothing: another assignment follows. */
  readonly isRehearsal: boolean;
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

/** Words of the block: where the work's parcel starts, the length of the brief in bytes, the brief as JSON, the parcel. */
const header = { work: 0, briefBytes: 1, brief: 2 } as const;

/** Room for this number of shared objects is made before an assignment is taken. */
const USUAL_HANDLES = 64;

/** Writes the work and its brief into a block of the heap; returns its offset. The block takes over everything that the work holds. */
export function writeAssignment(family: Family, work: Parcel, brief: Brief): number {
  const text = Buffer.from(JSON.stringify(brief));
  const start = (header.brief + Math.ceil(text.length / 4) + 1) & ~1;
  const block = family.allocator.allocate((start + parcelWords(work)) * 4, 0);
  const at = wordIndex(block);
  const words = family.heap.words(block);
  words[at + header.work] = start;
  words[at + header.briefBytes] = text.length;
  family.heap.octets(block).set(text, (at + header.brief) * 4);
  writeParcel(family, block, at + start, work);
  surrenderParcel(family, work);
  return block;
}

/** Frees an assignment that was given to no child. */
export function freeAssignment(family: Family, block: number): void {
  discardAssignment(family, block / GRANULE);
}

/** Gives a child its assignment, in place of an assignment that it has not taken yet. */
export function assign(family: Family, child: number, block: number): void {
  // SYNC(assignment): the child sees the block as written.
  const before = family.members.exchange(child, field.assignment, block / GRANULE);
  if (before !== 0) discardAssignment(family, before);
  family.parker.wake(child);
}

/** A taken assignment. This member holds everything that the work holds, because modules are imported before `readWork`, which takes long. */
export interface Assignment {
  readonly block: number;
  readonly parcel: Parcel;
  /** Where the bytes of the work begin. */
  readonly start: number;
}

/** Takes this member's assignment; returns `undefined` if there is none yet. */
export function takeAssignment(family: Family): Assignment | undefined {
  if (family.members.get(family.me, field.assignment) === 0) return undefined;
  // Slow steps come before: if this member is killed between the exchange and the last entry, objects are never freed.
  family.holdings.reserve(USUAL_HANDLES);
  // SYNC(assignment): from now on no other member touches the block.
  const block = blockOf(family.members.exchange(family.me, field.assignment, 0));
  if (block === 0) return undefined;
  const { parcel, start } = viewParcel(family, workOf(family, block));
  claimParcel(family, parcel);
  return { block, parcel, start };
}

/** Returns the brief of a taken assignment. */
export function readBrief(family: Family, { block }: Assignment): Brief {
  const words = family.heap.words(block);
  const at = wordIndex(block);
  const start = (at + header.brief) * 4;
  const text = family.heap.octets(block).subarray(start, start + (words[at + header.briefBytes] as number));
  return JSON.parse(Buffer.from(text).toString()) as Brief;
}

/** Returns the work of a taken assignment, and frees the block. */
export function readWork(family: Family, { block, parcel, start }: Assignment): unknown {
  try {
    return unpack(family, parcel, start);
  } finally {
    family.allocator.free(block);
  }
}

onAbandonedAssignment(discardAssignment);

/** Releases work that no child has taken or will take. */
function discardAssignment(family: Family, granule: number): void {
  const block = blockOf(granule);
  const work = workOf(family, block);
  discardParcel(family, readAttachments(family.heap.words(work), wordIndex(work)));
  family.allocator.free(block);
}

function blockOf(granule: number): number {
  return (granule >>> 0) * GRANULE;
}

function workOf(family: Family, block: number): number {
  return block + (family.heap.words(block)[wordIndex(block) + header.work] as number) * 4;
}
