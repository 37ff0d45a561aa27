import type { Event } from '../../sync/event.ts';
import { type ServedObject, serve } from '../served-object.ts';
import { waiting } from './served-queue.ts';

/** Serves a flag that clients share. */
export function servedEvent(event: Event): ServedObject {
  return serve('event', {
    isSet: () => event.isSet(),
    set: () => event.set(),
    clear: () => event.clear(),
    wait: (caller, options) => event.isSet() || event.wait(waiting(caller, options)),
  });
}
