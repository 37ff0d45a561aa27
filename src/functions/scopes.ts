/** Names and where they are declared: the shape that scope-analysis.ts builds and everybody else asks. */
import type { AnyNode, ImportDeclaration, VariableDeclarator } from 'acorn';

/** One declared name. */
export interface Binding {
  readonly name: string;
  readonly scope: Scope;
  kind: 'import' | 'function' | 'class' | 'const' | 'let' | 'var' | 'parameter' | 'own name';
  /** Somebody assigns to it apart from the declaration itself. */
  assigned: boolean;
  /** The declaration, where it says where the value comes from. */
  declaration?: ImportDeclaration | VariableDeclarator;
}

/** A stretch of text with names of its own. */
export interface Scope {
  readonly parent: Scope | null;
  readonly node: AnyNode;
  /** `var` and function declarations of inner blocks belong to it. */
  readonly holdsVars: boolean;
  /** It has its own `this`: everything but arrow functions and blocks. */
  readonly holdsThis: boolean;
  readonly strict: boolean;
  /** There is one instance of its variables: top level, or there a function that is called on the spot, or that holds a module. */
  readonly single: boolean;
  /** `with`, or a direct `eval`: its names cannot all be known. */
  dynamic: boolean;
  readonly names: Map<string, Binding>;
}

/** One use of a name. */
export interface Reference {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly scope: Scope;
  /** What surrounds it, as far as replacing it by `name.v` must know. */
  readonly form: 'plain' | 'shorthand' | 'callee';
  readonly writes: boolean;
  /** Reads only this member of it: `name.member`. */
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

/** Whether `inner` lies in `outer`, or is it. */
export function contains(outer: { start: number; end: number }, inner: { start: number; end: number }): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}

/** The binding that a name means in a scope; null for a global one. */
export function resolve(name: string, scope: Scope | null): Binding | null {
  for (let at = scope; at !== null; at = at.parent) {
    const binding = at.names.get(name);
    if (binding !== undefined) return binding;
  }
  return null;
}

/** A new scope in `parent`. */
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

/** The scope that a `var` in this one belongs to. */
export function varScope(scope: Scope): Scope {
  let at = scope;
  while (!at.holdsVars && at.parent !== null) at = at.parent;
  return at;
}
