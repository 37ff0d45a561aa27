/**
 * A module that not every program needs, loaded when the returned function is first called. `load` is `() => require('./module.ts')`,
 * synchronous because it is called in the middle of a call. In `dist/` such a module has a file of its own
 * (docs/decisions/015-loaded-at-first-use.md), so other modules may import only its types.
 */
export function lazy<Module extends object>(load: () => Module): () => Module {
  let loaded: Module | undefined;
  return () => (loaded ??= load());
}
