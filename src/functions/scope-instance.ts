/** Finds out which closures share their variables: V8 shows the values around a function, but not whether two functions are in the same instance of a scope. */
import type { LiveScope } from './inspector.ts';
import type { Binding, Scope } from './scopes.ts';

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
    if ((typeof value === 'object' && value !== null) || typeof value === 'function') return value;
  }
  return undefined;
}

const names = new WeakMap<Scope, string[]>();

function newInEachRun(scope: Scope): string[] {
  let known = names.get(scope);
  if (known === undefined) {
    known = [...scope.names.values()].filter(isNewInEachRun).map(({ name }) => name);
    names.set(scope, known);
  }
  return known;
}

function isNewInEachRun({ kind, assigned, declaration }: Binding): boolean {
  if (assigned) return false;
  if (kind === 'function' || kind === 'class') return true;
  if (kind !== 'const' || declaration?.type !== 'VariableDeclarator' || declaration.id.type !== 'Identifier')
    return false;
  return makesNew.test(declaration.init?.type ?? '');
}

function ownValue(object: Record<string, unknown>, name: string): unknown {
  try {
    return Object.hasOwn(object, name) ? object[name] : undefined;
  } catch {
    return undefined; // not initialised yet
  }
}
