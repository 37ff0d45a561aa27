/**
 * A module that not every program needs, loaded when the returned function is first called. `load` is `() => require('./module.ts')`: synchronous,
 * since it happens in the middle of a call. In `dist/` such a module stands in a file of its own (docs/decisions/015-loaded-at-first-use.md), so
 * it may be imported elsewhere as a type only.
 */
export function lazy<Module extends object>(load: () => Module): () => Module {
  let loaded: Module | undefined;
  return () => (loaded ??= load());
}
