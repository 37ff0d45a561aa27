/** Names and their declarations: the structure that scope-analysis.ts builds and the other files read. */
import type { AnyNode, Expression, ImportDeclaration, VariableDeclarator } from 'acorn';

/** One declared name. */
export interface Binding {
  readonly name: string;
  readonly scope: Scope;
  kind: 'import' | 'function' | 'class' | 'const' | 'let' | 'var' | 'parameter' | 'own name';
  /** True if it is assigned apart from its declaration. */
  assigned: boolean;
  /** The declaration, if it shows where the value comes from. */
  declaration?: ImportDeclaration | VariableDeclarator;
}

/** A stretch of text with names of its own. */
export interface Scope {
  readonly parent: Scope | null;
  readonly node: AnyNode;
  /** True if `var` and function declarations of inner blocks belong to it. */
  readonly holdsVars: boolean;
  /** True if it has its own `this`: everything but arrow functions and blocks. */
  readonly holdsThis: boolean;
  readonly strict: boolean;
  /** True if its variables have only one instance: the top level, or a function expression that is called on the spot there. */
  readonly single: boolean;
  /** True if it contains `with` or a direct `eval`: not all of its names can be known. */
  dynamic: boolean;
  readonly names: Map<string, Binding>;
}

/** One use of a name. */
export interface Reference {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly scope: Scope;
  /** The syntax around it, as far as a replacement by `name.v` must know it. */
  readonly form: 'plain' | 'shorthand' | 'callee';
  readonly writes: boolean;
  /** The only member that is read: `name.member`. */
  readonly member: string | undefined;
  binding: Binding | null;
}

/** `this`, `super`, `new.target`, `import.meta`, `import()`, a private name, `with` or a direct `eval`. */
export interface Special {
  readonly kind: 'this' | 'super' | 'new.target' | 'import.meta' | 'import()' | 'private name' | 'with' | 'eval';
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly scope: Scope;
}

/** All names of a program. */
export interface ProgramScopes {
  readonly program: Scope;
  /** In the order of the text, with their bindings; a null binding is a global name. */
  readonly references: readonly Reference[];
  readonly specials: readonly Special[];
  /** Every function and class, with the scope that it stands in. */
  readonly functions: ReadonlyMap<AnyNode, Scope>;
  /** For a function that is the value of a method or accessor: the method's node. */
  readonly methods: ReadonlyMap<AnyNode, AnyNode>;
}

/** Returns true if `inner` is `outer` or inside it. */
export function contains(outer: { start: number; end: number }, inner: { start: number; end: number }): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}

/** Returns the expression in the declaration of a variable; in `const { x } = y` it is `y`. */
export function initializerOf({ declaration }: Binding): Expression | undefined {
  return (declaration?.type === 'VariableDeclarator' && declaration.init) || undefined;
}

/** Returns the expression that a variable has as its first value; `undefined` if the variable is a part of it, as in `const { x } = y`. */
export function firstValueOf(binding: Binding): Expression | undefined {
  const { declaration } = binding;
  const isWhole = declaration?.type === 'VariableDeclarator' && declaration.id.type === 'Identifier';
  return isWhole ? initializerOf(binding) : undefined;
}

/** Returns the binding of a name in a scope; null for a global name. */
export function resolve(name: string, scope: Scope | null): Binding | null {
  for (let at = scope; at !== null; at = at.parent) {
    const binding = at.names.get(name);
    if (binding !== undefined) return binding;
  }
  return null;
}

/** Makes a new scope in `parent`. */
export function scopeOf(
  node: AnyNode,
  parent: Scope | null,
  own: { holdsVars?: boolean; holdsThis?: boolean; strict?: boolean; single?: boolean } = {},
): Scope {
  const { holdsVars = false, holdsThis = false, strict = parent?.strict ?? false } = own;
  // A block in a loop, or in a function, has an instance for every run.
  const single = own.single ?? (parent?.single === true && node.type === 'BlockStatement');
  return { parent, node, holdsVars, holdsThis, strict, single, dynamic: false, names: new Map() };
}

/** Returns the scope to which a `var` in this one belongs. */
export function varScope(scope: Scope): Scope {
  let at = scope;
  while (!at.holdsVars && at.parent !== null) at = at.parent;
  return at;
}
