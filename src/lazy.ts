/**
 * What not every program needs is loaded at its first use: most of an import's time goes into parsing. Such a *part* is a file of its
 * own, CommonJS, because it must be there at once, in the middle of a call. `scripts/lazy-parts.mjs` builds them: what a part imports of
 * modules that are loaded already it takes from those, so no module exists twice (docs/decisions/015-loaded-at-first-use.md).
 *
 * A module is in a part if it is reached from the part's root and, without `lazy`, from no door. So what stands behind `lazy` may be
 * imported elsewhere as a type only.
 */
import { load } from './load.ts';

/** The parts, and what is loaded from the beginning. */
export type Part = 'functions' | 'pool';

/** What modules export, by their path in src/. */
type Modules = Readonly<Record<string, object>>;
type Find = (part: Part | 'eager') => Modules;

const parts = new Map<Part, Modules>();
let eager: () => Modules;

/** Says which modules are loaded already; `eager-modules.ts` calls it. */
export function handOver(modules: () => Modules): void {
  eager = modules;
}

/** A module of a part: calling the function loads the part, once. */
export function lazy<Module extends object>(part: Part, module: string): () => Module {
  let loaded: Module | undefined;
  return () => (loaded ??= modulesOf(part)[module] as Module);
}

/** Loads all parts now, for a process that is sure to need them. */
export function loadParts(): void {
  modulesOf('functions');
  modulesOf('pool');
}

/** The modules of a part. */
export function modulesOf(part: Part | 'eager'): Modules {
  if (part === 'eager') return eager();
  let modules = parts.get(part);
  if (modules === undefined) parts.set(part, (modules = (load(`./${part}.cjs`) as (find: Find) => Modules)(modulesOf)));
  return modules;
}
