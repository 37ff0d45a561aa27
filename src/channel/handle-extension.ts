import { type Extension, reach, registerExtension } from '../codec/extension.ts';
import { objectField } from '../memory/family.ts';
import { wordIndex } from '../memory/heap.ts';
import { Existing, knownObject, locate, SharedObject } from '../memory/shared-object.ts';
import { CONDITION_KIND, Condition } from '../sync/condition.ts';
import { EVENT_KIND, Event } from '../sync/event.ts';
import { LOCK_KIND, Lock } from '../sync/lock.ts';
import { RLOCK_KIND, RLock } from '../sync/rlock.ts';
import { BOUNDED_SEMAPHORE_KIND, BoundedSemaphore, SEMAPHORE_KIND, Semaphore } from '../sync/semaphore.ts';
import { BARRIER_KIND, Barrier } from './barrier.ts';
import { JOINABLE_QUEUE_KIND, JoinableQueue } from './joinable-queue.ts';
import { QUEUE_KIND, Queue } from './queue.ts';
import { SHARED_KIND, Shared } from './shared-copy.ts';
import { SIMPLE_QUEUE_KIND, SimpleQueue } from './simple-queue.ts';

type SharedClass = new (existing: Existing) => SharedObject;

const classes = new Map<number, SharedClass>([
  [LOCK_KIND, Lock],
  [RLOCK_KIND, RLock],
  [SEMAPHORE_KIND, Semaphore],
  [BOUNDED_SEMAPHORE_KIND, BoundedSemaphore],
  [EVENT_KIND, Event],
  [CONDITION_KIND, Condition],
  [JOINABLE_QUEUE_KIND, JoinableQueue],
  [BARRIER_KIND, Barrier],
  [QUEUE_KIND, Queue],
  [SIMPLE_QUEUE_KIND, SimpleQueue],
  [SHARED_KIND, Shared],
]);

/** Registers another kind of shared object that can be sent: one of a higher layer. */
export function registerSharedClass(kind: number, cls: SharedClass): void {
  classes.set(kind, cls);
}

const lazyClasses = new Map<number, () => SharedClass>();

/** Registers a kind of shared object whose class is loaded when the first object of the kind arrives. */
export function registerLazySharedClass(kind: number, cls: () => SharedClass): void {
  lazyClasses.set(kind, cls);
}

/** Sends a shared object as its place in the heap; the receiver makes an object of the same kind for this place. */
const handleExtension: Extension<SharedObject> = {
  id: 16,
  name: 'shared object',
  reach: reach.FAMILY,
  fields: ['uint32', 'handle'],
  matches: (value): value is SharedObject => value instanceof SharedObject,
  write(value, out) {
    const { family, offset } = locate(value);
    out.uint32(family.heap.words(offset)[wordIndex(offset) + objectField.kind] as number);
    out.handle(offset);
  },
  read(input) {
    const kind = input.uint32();
    const offset = input.handle();
    const Class = classes.get(kind) ?? lazyClasses.get(kind)?.();
    if (Class === undefined) throw new Error(`A shared object of the unknown kind ${kind} arrived.`);
    return knownObject(offset) ?? new Class(new Existing(offset));
  },
};

/** Makes it possible to send shared objects; the library's door calls it once. */
export function installHandleExtension(): void {
  registerExtension(handleExtension);
}
