/** Modules of the program that this process loads only for something in them: what the program has done must not be done there again. */
import type { AsyncLocalStorage } from 'node:async_hooks';
import { StateError } from './errors.ts';

/** A module that is loaded, and why. */
export interface LoadedFor {
  /** As messages show it. */
  readonly file: string;
  /** The name of what is looked for in it. */
  readonly name: string;
  /** Why that could not be copied, which would have needed no loading. */
  readonly reason: string;
}

let storage: AsyncLocalStorage<LoadedFor | undefined> | undefined;

/** Runs `load`. What it calls, and what that does later, `refuseWhereLoaded` knows. */
export function loadingFor<T>(loaded: LoadedFor, load: () => T): T {
  // Not before it is needed: in Node before 24 it makes every promise of the process slower.
  storage ??= new (process.getBuiltinModule('node:async_hooks').AsyncLocalStorage)();
  return storage.run(loaded, load);
}

/** Runs `act` as if no such module did it. */
export function asOurselves<T>(act: () => T): T {
  return storage === undefined ? act() : storage.run(undefined, act);
}

/** Throws a StateError if the top-level code of such a module does this: `act` says what, `wayOut` what to do instead. */
export function refuseWhereLoaded(act: string, wayOut: string): void {
  const loaded = storage?.getStore();
  if (loaded === undefined) return;
  const { file, name } = loaded;
  const reason = loaded.reason.replace(/\.$/, '');
  throw new StateError(
    `${file} was loaded in this process for ${name}, which could not be copied (${reason}), and ${act}. ${wayOut}, or move ${name} to a module that does not import multiproc.`,
  );
}
