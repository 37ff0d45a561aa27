/** The image of a function: a text from which the function is made again, and where the text came from. */
import type { AnyNode } from 'acorn';
import { HERE, PARENT } from './added-names.ts';
import { putBack, refuseBundle } from './bundled-names.ts';
import { applyEdits, type Edit } from './edits.ts';
import { fileOf } from './import-module.ts';
import type { LiveImport } from './live-imports.ts';
import { openingOf } from './private-statics.ts';
import { Refusal } from './refusal.ts';
import { type Binding, contains, type Reference, resolve, type Scope, type Special } from './scopes.ts';
import { type PlacedFunction, positionOf, type Script } from './script.ts';
import { mapFragment, type SourceMapFragment } from './source-map-fragment.ts';
import { isClassNode, membersOfClass } from './syntax.ts';

/** A variable of the surroundings that the text uses. */
export interface Variable {
  readonly name: string;
  /** Null if the script does not declare it: `require`, or a variable of another script. */
  readonly binding: Binding | null;
  /** True if it is sent as a cell; the text then says `name.v`. */
  readonly isCell: boolean;
  /** Another module's variable that is assigned there: that module's namespace travels, and the text says `name.member`. */
  readonly live: LiveImport | undefined;
  /** True if its value may change before the next send. */
  readonly changes: boolean;
  /** The text assigns to it. */
  readonly isWritten: boolean;
  /** If the text only ever reads members of it: which ones. */
  readonly members: readonly string[] | undefined;
}

/** What is sent of a function besides its variables. */
export interface FunctionImage {
  /** An expression. */
  readonly code: string;
  /** As stack traces show it. */
  readonly file: string;
  /** From 0; the column is where `code` begins. */
  readonly line: number;
  readonly column: number;
  readonly strict: boolean;
  readonly isClass: boolean;
  readonly names: readonly string[];
  /** The number of names, from the first on, that a class needs while it is made. */
  readonly early: number;
  /** Static fields that a class makes itself: one whose current value cannot travel is left as the receiver makes it. */
  readonly statics: readonly string[];
  /** Whether the class has private static fields: the text has an edit then that lets us at them (private-statics.ts). */
  readonly hasPrivates?: true | undefined;
  /** Where the text was compiled from, if Node was asked for source maps. */
  readonly map?: SourceMapFragment | undefined;
}

/** An image, and what it takes to fill its names: `PARENT` and `HERE` are among the names, not among the variables. */
export interface CutFunction {
  readonly image: FunctionImage;
  readonly variables: ReadonlyMap<string, Variable>;
}

/** What only the running program knows about names. */
interface LiveNames {
  /** Returns true if a name that the script does not declare is a variable, not a global name. */
  exists(name: string): boolean;
  /** Returns true if it is known which functions share the variable. */
  isShareable(binding: Binding): boolean;
  /** Returns where an imported variable is looked for each time that it is read, if its module assigns to it. */
  liveImport(binding: Binding): LiveImport | undefined;
}

/** Makes the image of a function from its script. */
export function cutFunction(placed: PlacedFunction, live: LiveNames): CutFunction {
  const { script, node } = placed;
  const outer = script.scopes.functions.get(node) as Scope;
  const parent = parentOf(node);
  const inText = (place: { start: number; end: number }) =>
    contains(node, place) && !(parent && contains(parent, place));
  const specials = script.scopes.specials.filter(inText);
  refuseSurroundings(placed, specials);

  const edits: Edit[] = [];
  if (parent) edits.push({ start: parent.start, end: parent.end, text: PARENT });
  for (const special of specials) {
    if (special.kind === 'import.meta') edits.push({ ...special, text: `${HERE}.meta` });
    if (special.kind === 'import()')
      edits.push({ start: special.start, end: special.start + 6, text: `${HERE}.import` });
  }
  const variables = new Map<string, Variable>();
  let usesHere = specials.some(({ kind }) => kind === 'import.meta' || kind === 'import()');
  for (const [name, uses] of freeUses(placed, inText)) {
    const real = putBack(name, membersUsed(uses));
    if (real !== undefined) {
      usesHere = true;
      edits.push(...uses.map(({ start, end }) => ({ start, end, text: `${HERE}.${real}` })));
      continue;
    }
    const variable = describeVariable(name, uses, live);
    if (variable === undefined) continue;
    variables.set(name, variable);
    if (variable.isCell) edits.push(...uses.map((use) => memberEdit(use, '.v')));
    if (variable.live) {
      const { member } = variable.live;
      const access = /^[a-z$_][\w$]*$/i.test(member) ? `.${member}` : `[${JSON.stringify(member)}]`;
      edits.push(...uses.map((use) => memberEdit(use, access)));
    }
  }
  const opening = openingOf(node);
  if (opening !== undefined) edits.push(opening);
  const names = [...variables.keys()];
  if (usesHere) names.unshift(HERE);
  if (parent) names.unshift(PARENT);
  const isClass = isClassNode(node);
  const early = isClass ? (runsCode(node) ? names.length : parent ? 1 : 0) : 0;

  const { before, after, start } = wrapMethod(placed);
  const { line, column } = positionOf(script, start);
  const code = before + applyEdits(script.text, start, node.end, edits) + after;
  const map = mapFragment(script, start, node.end, before, edits);
  const { strict } = outer;
  const file = shownFile(script);
  return {
    image: {
      code,
      file,
      line,
      column: column - before.length,
      strict,
      isClass,
      names,
      early,
      statics: staticsOf(node),
      hasPrivates: opening === undefined ? undefined : true,
      map,
    },
    variables,
  };
}

function shownFile({ url, isModule, startLine, startColumn }: Script): string {
  // Node shows the files of CommonJS modules as paths, those of ES modules as URLs. A text with an offset arrived here itself.
  const isCommonJs = !isModule && startLine === 0 && startColumn === 0;
  return isCommonJs ? fileOf(url) : url;
}

function parentOf(node: AnyNode): AnyNode | undefined {
  if (!isClassNode(node)) return undefined;
  const parent = node.superClass;
  return !parent || (parent.type === 'Literal' && parent.value === null) ? undefined : parent;
}

function staticsOf(node: AnyNode): string[] {
  return membersOfClass(node).flatMap((member) =>
    member.type === 'PropertyDefinition' && member.static && !member.computed && member.key.type === 'Identifier'
      ? [member.key.name]
      : [],
  );
}

/** Returns true if making the class runs code that may use any variable. */
function runsCode(node: AnyNode): boolean {
  return membersOfClass(node).some(
    (member) =>
      member.type === 'StaticBlock' || member.computed || (member.type === 'PropertyDefinition' && member.static),
  );
}

function freeUses({ script, node }: PlacedFunction, inText: (use: Reference) => boolean): Map<string, Reference[]> {
  const free = new Map<string, Reference[]>();
  for (const use of script.scopes.references) {
    const { binding } = use;
    if (!inText(use) || (binding !== null && contains(node, binding.scope.node))) continue;
    // A function that calls itself finds itself.
    if (node.type === 'FunctionDeclaration' && node.id?.name === use.name && binding?.assigned === false) {
      if (binding.kind === 'function' && binding === resolve(use.name, script.scopes.functions.get(node) as Scope))
        continue;
    }
    const uses = free.get(use.name);
    if (uses === undefined) free.set(use.name, [use]);
    else uses.push(use);
  }
  return free;
}

function describeVariable(name: string, uses: readonly Reference[], lookUp: LiveNames): Variable | undefined {
  const binding = uses[0]?.binding ?? null;
  if (name === 'arguments' && (binding === null ? lookUp.exists(name) : binding.kind === 'own name')) {
    throw new Refusal('it uses `arguments` of its surroundings; pass them as a parameter');
  }
  if (binding === null && !lookUp.exists(name)) return undefined;
  refuseBundle(name);
  const live = binding ? lookUp.liveImport(binding) : undefined;
  if (live?.shared)
    return {
      name,
      binding: live.shared,
      isCell: true,
      live: undefined,
      changes: true,
      isWritten: false,
      members: undefined,
    };
  const changes = binding === null || binding.assigned || binding.scope.dynamic;
  const isCell = binding?.assigned === true && lookUp.isShareable(binding);
  const isWritten = uses.some(({ writes }) => writes);
  return { name, binding, isCell, live, changes, isWritten, members: membersUsed(uses) };
}

/** Returns which members of a variable are read, if nothing else is done with it. */
function membersUsed(uses: readonly Reference[]): string[] | undefined {
  const members = uses.flatMap(({ member }) => member ?? []);
  return members.length === uses.length ? [...new Set(members)] : undefined;
}

/** Puts a member of what travels into the text, in place of the variable. */
function memberEdit({ name, start, end, form }: Reference, member: string): Edit {
  if (form === 'shorthand') return { start, end, text: `${name}: ${name}${member}` };
  // A plain call of name.v would pass the cell as `this`.
  if (form === 'callee') return { start, end, text: `(0, ${name}${member})` };
  return { start, end, text: `${name}${member}` };
}

/** Refuses constructs that work only where the function was written. */
function refuseSurroundings({ script, node }: PlacedFunction, specials: readonly Special[]): void {
  const isClass = isClassNode(node);
  for (const { kind, name, scope, start, end } of specials) {
    if (kind === 'private name') {
      const declared = [...script.scopes.functions.keys()].some(
        (at) => contains(node, at) && contains(at, { start, end }) && declaresPrivate(at, name),
      );
      if (!declared) throw new Refusal(`it uses the private name #${name} of the class it was written in`);
    }
    if (kind !== 'this' && kind !== 'super' && kind !== 'new.target') continue;
    let owner: Scope = scope;
    while (!owner.holdsThis && owner.parent) owner = owner.parent;
    const outside = !contains(node, owner.node);
    if (kind === 'super' && (outside || (owner.node === node && !isClass))) {
      throw new Refusal('it uses `super`, which is bound to its class; send the class or an instance instead');
    }
    if (!outside) continue;
    // At the top level of a module, this is undefined: the receiver says the same.
    if (kind === 'this' && owner.parent === null && script.isModule) continue;
    throw new Refusal(`it uses \`${kind}\` of its surroundings; pass what it needs as a parameter or a constant`);
  }
}

function declaresPrivate(node: AnyNode, name: string): boolean {
  return membersOfClass(node).some(
    (member) => 'key' in member && member.key.type === 'PrivateIdentifier' && member.key.name === name,
  );
}

/** Returns the text around a method's parameters and body that makes an expression of it. */
function wrapMethod({ script, node }: PlacedFunction): { before: string; after: string; start: number } {
  if (!script.scopes.methods.has(node) || node.type !== 'FunctionExpression') {
    return { before: '', after: '', start: node.start };
  }
  const before = `({ ${node.async ? 'async ' : ''}${node.generator ? '*' : ''}m`;
  return { before, after: ' }).m', start: node.start };
}
