/** Modules of the program that this process loads only for functions that were sent to it: the process must not repeat what the program has done. */
import type { AsyncLocalStorage } from 'node:async_hooks';
import { StateError } from '../contracts/errors.ts';
import { callSites } from '../engine/call-sites.ts';
import { preloadedModules } from '../engine/node-options.ts';

/** A module that is being loaded, and the reason. */
export interface LoadedFor {
  /** The name of the file in messages. */
  readonly file: string;
  /** Who needs the module, and why its values cannot be copied, which would need no loading. */
  readonly why: string;
  /** What the user can do about it. */
  readonly wayOut: string;
  /** True if the program asks for the load itself: the module may start processes. */
  readonly mayStart: boolean;
}

let storage: AsyncLocalStorage<LoadedFor | undefined> | undefined;
let preloading: LoadedFor | undefined;
let isWatching = false;
let isOurs = false;

/**
 * Declares that an option of node, such as `--import`, loads this library in a child before the child's own entry. The modules that it loads
 * have run in the program too: what they do, now or later, is refused starts and shared objects.
 */
export function watchPreloading(): void {
  preloading = {
    file: preloadedModules(),
    why: 'by an option of node before its work',
    wayOut: 'move that to the file that node runs',
    mayStart: false,
  };
  storage ??= new (process.getBuiltinModule('node:async_hooks').AsyncLocalStorage)();
  storage.enterWith(preloading);
}

/** Declares that the child's own entry begins. */
export function endPreloading(): void {
  if (preloading === undefined) return;
  preloading = undefined;
  storage?.enterWith(undefined);
}

/** Throws a StateError if this process is a child that has not joined the family of its program yet. */
export function refuseFamilyWherePreloading(): void {
  if (preloading === undefined) return;
  throw refusal(preloading, 'makes pools or shared objects of its own', 'Make them only `if (isMainProcess)`');
}

/** Runs `load`. The code that it calls, now or later, is refused starts and shared objects. */
export function loadingFor<T>(loaded: LoadedFor, load: () => T): T {
  // Not before it is needed: before Node 24 it makes every promise of the process slower.
  storage ??= new (process.getBuiltinModule('node:async_hooks').AsyncLocalStorage)();
  return storage.run(loaded, load);
}

/** Runs `act` as if no such module called it. */
export function asOurselves<T>(act: () => T): T {
  const before = isOurs;
  isOurs = true;
  try {
    return storage === undefined ? act() : storage.run(undefined, act);
  } finally {
    isOurs = before;
  }
}

/** Declares that this process is a child that does its work from now on: every module is then loaded for functions. */
export function watchLoading(): void {
  isWatching = true;
}

/** Runs the import of a module of the program that a received function needs. */
export function importingFor<T>(file: string, load: () => T): T {
  return isWatching ? loadingFor(askedFor(file), load) : load();
}

function askedFor(file: string): LoadedFor {
  return {
    file,
    why: 'by a function that was sent here',
    wayOut: 'import the module by a declaration in the file of the function, or make it in a function',
    mayStart: true,
  };
}

/** Throws a StateError if the top-level code of such a module starts a process. */
export function refuseStartWhereLoaded(): void {
  const loaded = storage?.getStore();
  if (loaded === undefined || loaded.mayStart) return;
  throw refusal(loaded, 'starts processes, as the program has done', 'Start them only `if (isMainProcess)`');
}

/** Throws a StateError if the top-level code of such a module makes a shared object of the class with this name. */
export function refuseObjectWhereLoaded(name: string): void {
  if (isOurs) return;
  const loaded = storage?.getStore() ?? loadedNow();
  if (loaded === undefined) return;
  throw refusal(loaded, `makes a ${name}, another one than the program's`, `Pass the ${name} as an argument`);
}

function refusal({ file, why, wayOut }: LoadedFor, act: string, instead: string): StateError {
  return new StateError(`${file} was loaded in this process ${why}, and ${act}. ${instead}, or ${wayOut}.`);
}

const loader = /^node:internal\/modules\/(cjs|esm)\//;

/** Returns the module whose top-level code is calling, at any depth, as `require()` or another module has loaded it. */
function loadedNow(): LoadedFor | undefined {
  if (!isWatching) return undefined;
  const files = callSites().map((site) => site.getFileName() ?? '');
  // The frame before the loader's own frames is the code that the loader has called.
  const file = files[files.findIndex((name) => loader.test(name)) - 1];
  return file === undefined ? undefined : askedFor(file.replace(/^file:\/\//, ''));
}
