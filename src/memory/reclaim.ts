import { setTimeout } from '../engine/builtins.ts';
import type { CriticalSection } from './critical-section.ts';
import type { Family } from './family.ts';
import { placeOf } from './heap.ts';
import { layout } from './layout.ts';
import { field, state } from './members.ts';
import { kindAt, releaseObject } from './object-kinds.ts';
import { releaseReferencesOf } from './reference-table.ts';

/** Milliseconds between checks whether an orphan has joined, and the number of checks if not even its process is known. */
const JOIN_CHECK = 50;
const JOIN_CHECKS = 200;

/** Members without a parent whose death this thread waits for. */
const orphans = new Set<number>();

/**
 * Reclaims everything that a dead member held, and wakes every sleeper, because what they wait for may have died with it. Idempotent.
 * If the calling member dies half-way, the next caller finishes; if an error stops it, this thread tries again soon. Never throws.
 */
export function reclaim(family: Family, member: number): void {
  const { members } = family;
  // In any case, this thread releases what it has of the member: another member may have done the rest.
  family.lifelines.ended(member);
  family.signals.doorbells.forget(member);
  const section = membersSection(family);
  section.enter();
  const first = !members.isKnownGone(member);
  if (first) members.set(member, field.state, state.DEAD);
  section.leave();
  for (const other of members.all()) {
    if (members.get(other, field.state) === state.DEAD) reclaimHeld(family, other);
    else if (first && isOrphan(family, other)) adopt(family, other);
  }
  if (!first) return;
  for (const other of members.all()) if (other !== family.me && !members.isKnownGone(other)) family.parker.rouse(other);
  family.parker.schedule();
}

/** Gives back what the dead member held. Only one member does this at a time; if it is killed or fails, the next one does the rest. */
function reclaimHeld(family: Family, dead: number): void {
  if (!becomeReclaimer(family, dead)) return;
  try {
    giveBackAll(family, dead);
  } catch (error) {
    family.members.set(dead, field.reclaimer, 0);
    process.emitWarning(error as Error);
    family.parker.remind(() => reclaimHeld(family, dead));
  }
}

function giveBackAll(family: Family, dead: number): void {
  settleIntentOf(family, dead);
  releaseReferencesOf(
    family,
    dead,
    (object) => kindAt(family, object)?.holderDied?.(family, object, dead),
    (object) => releaseObject(family, object),
  );
  family.allocator.freeAllOf(dead);
  // Within the section, because assignments are given there, and because the record may belong to a new member from here on.
  const section = membersSection(family);
  section.enter();
  const assignment = family.members.exchange(dead, field.assignment, 0);
  family.members.set(dead, field.state, state.FREE);
  section.leave();
  if (assignment !== 0) releaseObject(family, placeOf(assignment));
}

/** Does the rest of what the dead member has begun, or undoes it: what it has in hand is known then. */
function settleIntentOf(family: Family, dead: number): void {
  const place = family.intents.sectionOf(dead);
  if (place === undefined) return;
  if (place === 0) {
    family.intents.settle(dead);
    return;
  }
  family.section(place).run(() => family.intents.settle(dead));
}

function becomeReclaimer(family: Family, dead: number): boolean {
  const { members } = family;
  return membersSection(family).run(() => {
    if (!members.isOf(dead) || members.get(dead, field.state) !== state.DEAD) return false;
    const reclaimer = members.get(dead, field.reclaimer);
    if (reclaimer !== 0 && !members.isGone(reclaimer)) return false;
    members.set(dead, field.reclaimer, family.me);
    return true;
  });
}

/** True if the member's parent is gone, just now or earlier: the member that was to reclaim it then may be dead too. */
function isOrphan(family: Family, other: number): boolean {
  const parent = family.members.get(other, field.parent);
  return parent !== 0 && family.members.isKnownGone(parent) && !family.members.isKnownGone(other);
}

function adopt(family: Family, orphan: number): void {
  for (const known of orphans) if (family.members.isKnownGone(known)) orphans.delete(known);
  if (orphans.has(orphan)) return;
  orphans.add(orphan);
  reclaimWhenDead(family, orphan);
}

/** The kernel is killing the dead member's children, except detached ones, and no other member will notice. */
function reclaimWhenDead(family: Family, orphan: number, checks = JOIN_CHECKS): void {
  const { members } = family;
  if (members.isKnownGone(orphan)) return;
  // SYNC(join): without an inode there is nothing to watch, even if the state is LIVE already.
  if (members.get(orphan, field.lifelineInode) === 0) {
    // Node has ended it before the thread that it belonged to.
    if (members.get(orphan, field.thread) === 1) {
      reclaim(family, orphan);
      return;
    }
    // Check again until the member has an inode, or its process is gone.
    const pid = members.get(orphan, field.pid);
    const isGone = pid === 0 ? checks === 0 : family.signals.isProcessGone(pid);
    if (isGone) reclaim(family, orphan);
    else setTimeout(() => reclaimWhenDead(family, orphan, checks - 1), JOIN_CHECK).unref();
    return;
  }
  if (!family.lifelines.watch(orphan, () => reclaim(family, orphan))) reclaim(family, orphan);
}

function membersSection(family: Family): CriticalSection {
  return family.section(layout.familySection);
}
