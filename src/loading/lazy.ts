/**
 * Returns a function that loads a module, which not every program needs, at its first call. `load` is `() => require('./module.ts')`,
 * synchronous because it is called in the middle of a call. In `dist/` such a module has a file of its own
 * (docs/decisions/015-loaded-at-first-use.md), so other modules may import only its types.
 */
export function lazy<Module extends object>(load: () => Module): () => Module {
  let loaded: Module | undefined;
  return () => (loaded ??= load());
}
