/** Finds out which closures share their variables: V8 shows the values around a function, but not whether two functions are in the same instance of a scope. */
import { isObject } from './address.ts';
import type { LiveScope } from './inspector.ts';
import { interned } from './interned.ts';
import { type Binding, firstValueOf, type Scope } from './scopes.ts';

/** Expressions that make a new object each time. */
const makesNew = /^(ObjectExpression|ArrayExpression|(Arrow)?FunctionExpression|ClassExpression)$/;

/**
 * Returns an object that identifies the instance of a variable's scope: the same object for every function in that
 * instance. `undefined` if instances cannot be told apart.
 */
export function scopeInstance({ scope }: Binding, live: LiveScope | undefined): object | undefined {
  if (scope.single) return scope;
  if (live === undefined) return undefined;
  // A constant that each run of the scope gives a new object: nobody but this instance has that object under that name.
  for (const name of newInEachRun(scope)) {
    const value = ownValue(live.object, name);
    if (isObject(value)) return value;
  }
  return undefined;
}

const names = new WeakMap<Scope, string[]>();

function newInEachRun(scope: Scope): string[] {
  return interned(names, scope, () => [...scope.names.values()].filter(isNewInEachRun).map(({ name }) => name));
}

function isNewInEachRun(binding: Binding): boolean {
  const { kind, assigned } = binding;
  if (assigned) return false;
  if (kind === 'function' || kind === 'class') return true;
  return kind === 'const' && makesNew.test(firstValueOf(binding)?.type ?? '');
}

function ownValue(object: Record<string, unknown>, name: string): unknown {
  try {
    return Object.hasOwn(object, name) ? object[name] : undefined;
  } catch {
    return undefined; // not initialised yet
  }
}
