/** Recognizes data that only one constant refers to and that the program only reads: it never changes. README.md has the rule. */
import type { Identifier } from 'acorn';
import { pathsRead } from './data-reads.ts';
import { unknownParts } from './fresh-value.ts';
import { holdsPrimitives, type Path } from './paths.ts';
import { type Binding, firstValueOf } from './scopes.ts';
import type { Script } from './script.ts';
import { areBuiltinsUntouched } from './untouched-builtins.ts';

/** Returns true if the text of the script proves that the data of a constant cannot be changed. */
export function privateData(binding: Binding, script: Script, value: unknown): () => boolean {
  let isProven: boolean | undefined;
  return () => (isProven ??= prove(binding, script, value)) && areBuiltinsUntouched();
}

function prove(binding: Binding, script: Script, value: unknown): boolean {
  const paths = pathsToCheck(binding, script);
  return paths !== undefined && areBuiltinsUntouched() && paths.every((path) => holdsPrimitives(value, path));
}

/** Returns the places that must hold primitives; `undefined` if that proves nothing. */
function pathsToCheck(binding: Binding, script: Script): Path[] | undefined {
  const init = binding.kind === 'const' || binding.kind === 'let' ? firstValueOf(binding) : undefined;
  if (init === undefined) return undefined;
  const read = pathsRead(script, binding);
  // What came from elsewhere is looked at first, so that nothing but plain data is looked into.
  return read && [...unknownParts(init, (name) => meaningOf(name, script)), ...read];
}

function meaningOf({ start }: Identifier, { scopes }: Script): Binding | null | undefined {
  return scopes.references.find((reference) => reference.start === start)?.binding;
}
