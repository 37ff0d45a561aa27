/** Finds every name of a program, its binding, and the assignments to it. */
import type * as ES from 'acorn';
import { isModuleWrapper } from './module-wrapper.ts';
import {
  type Binding,
  type ProgramScopes,
  type Reference,
  resolve,
  type Scope,
  type Special,
  scopeOf,
  varScope,
} from './scopes.ts';
import { isNode } from './syntax.ts';

type Use = Pick<Reference, 'form' | 'writes' | 'member'>;

const plainUse: Use = { form: 'plain', writes: false, member: undefined };
const writing: Use = { form: 'plain', writes: true, member: undefined };

/** Walks a program once; names are looked up at the end, because `var` and functions count before their declaration. */
export function analyseScopes(program: ES.Program): ProgramScopes {
  return new ScopeAnalysis(program).result();
}

class ScopeAnalysis {
  private readonly references: Reference[] = [];
  private readonly specials: Special[] = [];
  private readonly functions = new Map<ES.AnyNode, Scope>();
  private readonly methods = new Map<ES.AnyNode, ES.AnyNode>();
  private readonly program: Scope;
  /** Loops around the current place, within the current function. */
  private loops = 0;

  constructor(program: ES.Program) {
    const strict = program.sourceType === 'module' || isStrict(program.body);
    this.program = scopeOf(program, null, { holdsVars: true, holdsThis: true, strict, single: true });
    for (const statement of program.body) this.visit(statement, this.program);
  }

  result(): ProgramScopes {
    for (const reference of this.references) {
      reference.binding = resolve(reference.name, reference.scope);
      if (reference.writes && reference.binding) reference.binding.assigned = true;
    }
    this.references.sort((a, b) => a.start - b.start);
    const { program, references, specials, functions, methods } = this;
    return { program, references, specials, functions, methods };
  }

  private visit(node: ES.AnyNode | null | undefined, scope: Scope): void {
    if (!node) return;
    switch (node.type) {
      case 'Identifier':
        this.use(node, scope, plainUse);
        return;
      case 'FunctionDeclaration': {
        if (node.id) {
          this.declare(node.id.name, scope, 'function');
          // Outside strict mode, a function in a block is a var of the surrounding function too.
          if (!scope.holdsVars && !scope.strict)
            this.declare(node.id.name, varScope(scope), 'function').assigned = true;
        }
        this.visitFunction(node, scope, false);
        return;
      }
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        this.visitFunction(node, scope, false);
        return;
      case 'ClassDeclaration':
      case 'ClassExpression':
        this.visitClass(node, scope);
        return;
      case 'VariableDeclaration':
        this.visitVariables(node, scope);
        return;
      case 'ImportDeclaration':
        for (const { local } of node.specifiers) this.declare(local.name, scope, 'import', node);
        return;
      case 'ExportNamedDeclaration':
        this.visit(node.declaration, scope);
        return;
      case 'ExportAllDeclaration':
        return;
      case 'BlockStatement':
        this.visitAll(node.body, scopeOf(node, scope));
        return;
      case 'SwitchStatement': {
        this.visit(node.discriminant, scope);
        this.visitAll(node.cases, scopeOf(node, scope));
        return;
      }
      case 'CatchClause': {
        const inner = scopeOf(node, scope);
        if (node.param) this.declarePattern(node.param, inner, 'parameter');
        this.visitAll(node.body.body, inner);
        return;
      }
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
      case 'WhileStatement':
      case 'DoWhileStatement':
        this.visitLoop(node, scopeOf(node, scope));
        return;
      case 'WithStatement':
        this.special('with', node, scope);
        for (let at: Scope | null = scope; at; at = at.parent) at.dynamic = true;
        this.visitChildren(node, scope);
        return;
      case 'LabeledStatement':
        this.visit(node.body, scope);
        return;
      case 'BreakStatement':
      case 'ContinueStatement':
        return;
      case 'CallExpression':
      case 'TaggedTemplateExpression':
        this.visitCall(node, scope);
        return;
      case 'MemberExpression':
        this.visitMember(node, scope);
        return;
      case 'AssignmentExpression':
        this.assign(node.left, scope);
        this.visit(node.right, scope);
        return;
      case 'UpdateExpression':
        this.assign(node.argument, scope);
        return;
      case 'Property':
        this.visitProperty(node, scope);
        return;
      case 'ThisExpression':
        this.special('this', node, scope);
        return;
      case 'Super':
        this.special('super', node, scope);
        return;
      case 'MetaProperty':
        this.special(node.meta.name === 'new' ? 'new.target' : 'import.meta', node, scope);
        return;
      case 'ImportExpression':
        this.special('import()', node, scope);
        this.visitChildren(node, scope);
        return;
      case 'PrivateIdentifier':
        this.special('private name', node, scope, node.name);
        return;
      default:
        this.visitChildren(node, scope);
        return;
    }
  }

  private visitAll(nodes: readonly (ES.AnyNode | null)[], scope: Scope): void {
    for (const node of nodes) this.visit(node, scope);
  }

  private visitChildren(node: ES.AnyNode, scope: Scope): void {
    for (const child of Object.values(node)) {
      if (Array.isArray(child)) for (const item of child) this.visit(isNode(item) ? item : null, scope);
      else if (isNode(child)) this.visit(child, scope);
    }
  }

  /** `calledHere`: a function expression that is called where it stands, once. */
  private visitFunction(
    node: ES.FunctionDeclaration | ES.AnonymousFunctionDeclaration | ES.FunctionExpression | ES.ArrowFunctionExpression,
    outer: Scope,
    calledHere: boolean,
  ): void {
    this.functions.set(node, outer);
    let parent = outer;
    if (node.type === 'FunctionExpression' && node.id) {
      parent = scopeOf(node, outer);
      this.declare(node.id.name, parent, 'own name');
    }
    const strict = outer.strict || (node.body.type === 'BlockStatement' && isStrict(node.body.body));
    const arrow = node.type === 'ArrowFunctionExpression';
    const calledOnce = calledHere || isModuleWrapper(node);
    const single = calledOnce && outer.single && this.loops === 0 && !node.generator;
    const scope = scopeOf(node, parent, { holdsVars: true, holdsThis: !arrow, strict, single });
    if (!arrow) this.declare('arguments', scope, 'own name');
    const loops = this.loops;
    this.loops = 0;
    for (const parameter of node.params) this.declarePattern(parameter, scope, 'parameter');
    if (node.body.type === 'BlockStatement') this.visitAll(node.body.body, scope);
    else this.visit(node.body, scope);
    this.loops = loops;
  }

  private visitClass(
    node: ES.ClassDeclaration | ES.ClassExpression | ES.AnonymousClassDeclaration,
    outer: Scope,
  ): void {
    this.functions.set(node, outer);
    if (node.id && node.type === 'ClassDeclaration') this.declare(node.id.name, outer, 'class');
    const scope = scopeOf(node, outer, { holdsVars: false, holdsThis: false, strict: true, single: outer.single });
    if (node.id) this.declare(node.id.name, scope, 'own name');
    this.visit(node.superClass, scope);
    for (const member of node.body.body) {
      if (member.type === 'StaticBlock') {
        this.visitAll(member.body, scopeOf(member, scope, { holdsVars: true, holdsThis: true, strict: true }));
        continue;
      }
      if (member.computed) this.visit(member.key, scope);
      if (member.type === 'MethodDefinition') {
        this.methods.set(member.value, member);
        this.visit(member.value, scope);
      } else if (member.value) {
        const field = scopeOf(member, scope, { holdsVars: true, holdsThis: true, strict: true });
        this.declare('arguments', field, 'own name');
        this.visit(member.value, field);
      }
    }
  }

  private visitVariables(node: ES.VariableDeclaration, scope: Scope): void {
    const kind = node.kind === 'var' || node.kind === 'let' ? node.kind : 'const';
    const target = kind === 'var' ? varScope(scope) : scope;
    for (const declarator of node.declarations) {
      this.declarePattern(declarator.id, target, kind, declarator, scope);
      this.visit(declarator.init, scope);
    }
  }

  private visitLoop(
    node: ES.ForStatement | ES.ForInStatement | ES.ForOfStatement | ES.WhileStatement | ES.DoWhileStatement,
    scope: Scope,
  ): void {
    this.loops++;
    if (node.type === 'ForInStatement' || node.type === 'ForOfStatement') {
      if (node.left.type === 'VariableDeclaration') this.visitVariables(node.left, scope);
      else this.assign(node.left, scope);
      this.visit(node.right, scope);
      this.visit(node.body, scope);
    } else this.visitChildren(node, scope);
    this.loops--;
  }

  private visitCall(node: ES.CallExpression | ES.TaggedTemplateExpression, scope: Scope): void {
    const callee = node.type === 'CallExpression' ? node.callee : node.tag;
    if (callee.type === 'Identifier') {
      if (callee.name === 'eval' && node.type === 'CallExpression') {
        this.special('eval', node, scope);
        for (let at: Scope | null = scope; at; at = at.parent) at.dynamic = true;
      }
      this.use(callee, scope, { form: 'callee', writes: false, member: undefined });
    } else if (callee.type === 'FunctionExpression' || callee.type === 'ArrowFunctionExpression') {
      this.visitFunction(callee, scope, true);
    } else this.visit(callee, scope);
    if (node.type === 'CallExpression') this.visitAll(node.arguments, scope);
    else this.visit(node.quasi, scope);
  }

  private visitMember(node: ES.MemberExpression, scope: Scope): void {
    const { object, property, computed } = node;
    if (object.type === 'Identifier') {
      const literal =
        computed && property.type === 'Literal' && typeof property.value === 'string' ? property.value : undefined;
      const member = !computed && property.type === 'Identifier' ? property.name : literal;
      this.use(object, scope, { form: 'plain', writes: false, member });
    } else if (
      // (function () { … }).call(this): run on the spot as well.
      object.type === 'FunctionExpression' &&
      property.type === 'Identifier' &&
      property.name === 'call'
    ) {
      this.visitFunction(object, scope, true);
    } else this.visit(object, scope);
    if (computed || property.type === 'PrivateIdentifier') this.visit(property, scope);
  }

  private visitProperty(node: ES.Property | ES.AssignmentProperty, scope: Scope): void {
    if (node.computed) this.visit(node.key, scope);
    if (node.shorthand && node.value.type === 'Identifier') {
      this.use(node.value, scope, { form: 'shorthand', writes: false, member: undefined });
      return;
    }
    if (node.method || node.kind !== 'init') this.methods.set(node.value, node);
    this.visit(node.value, scope);
  }

  /** Notes the left side of an assignment: names in it are written. */
  private assign(node: ES.AnyNode, scope: Scope, form: Use['form'] = 'plain'): void {
    switch (node.type) {
      case 'Identifier':
        this.use(node, scope, { ...writing, form });
        return;
      case 'MemberExpression':
        // Writing a member is more than reading one.
        if (node.object.type === 'Identifier') this.use(node.object, scope, plainUse);
        else this.visit(node.object, scope);
        if (node.computed || node.property.type === 'PrivateIdentifier') this.visit(node.property, scope);
        return;
      case 'ArrayPattern':
        for (const element of node.elements) if (element) this.assign(element, scope);
        return;
      case 'ObjectPattern':
        for (const property of node.properties) {
          if (property.type === 'RestElement') this.assign(property.argument, scope);
          else {
            if (property.computed) this.visit(property.key, scope);
            this.assign(property.value, scope, property.shorthand ? 'shorthand' : 'plain');
          }
        }
        return;
      case 'AssignmentPattern':
        this.assign(node.left, scope, form);
        this.visit(node.right, scope);
        return;
      case 'RestElement':
        this.assign(node.argument, scope);
        return;
      case 'ParenthesizedExpression':
        this.assign(node.expression, scope, form);
        return;
      default:
        this.visit(node, scope);
        return;
    }
  }

  /** Declares the names of a pattern in `target`; what stands in it besides is evaluated in `scope`. */
  private declarePattern(
    node: ES.Pattern,
    target: Scope,
    kind: Binding['kind'],
    declarator?: ES.VariableDeclarator,
    scope: Scope = target,
  ): void {
    const inner = (pattern: ES.Pattern) => this.declarePattern(pattern, target, kind, declarator, scope);
    switch (node.type) {
      case 'Identifier': {
        const again = kind === 'var' && (target.names.has(node.name) || this.loops > 0);
        const binding = this.declare(node.name, target, kind, declarator);
        if (again && (declarator?.init || this.loops > 0)) binding.assigned = true;
        return;
      }
      case 'ArrayPattern':
        for (const element of node.elements) if (element) inner(element);
        return;
      case 'ObjectPattern':
        for (const property of node.properties) {
          if (property.type === 'RestElement') inner(property.argument);
          else {
            if (property.computed) this.visit(property.key, scope);
            inner(property.value);
          }
        }
        return;
      case 'AssignmentPattern':
        inner(node.left);
        this.visit(node.right, scope);
        return;
      case 'RestElement':
        inner(node.argument);
        return;
      default:
        this.visit(node, scope);
        return;
    }
  }

  private declare(name: string, scope: Scope, kind: Binding['kind'], declaration?: Binding['declaration']): Binding {
    const known = scope.names.get(name);
    if (known !== undefined) {
      // A parameter or function that a var names again stays what it is; a second function replaces the first.
      if (known.kind === 'own name') known.kind = kind;
      return known;
    }
    const binding: Binding = { name, scope, kind, assigned: false };
    if (declaration !== undefined) binding.declaration = declaration;
    scope.names.set(name, binding);
    return binding;
  }

  private use({ name, start, end }: ES.Identifier, scope: Scope, { form, writes, member }: Use): void {
    this.references.push({ name, start, end, scope, form, writes, member, binding: null });
  }

  private special(kind: Special['kind'], { start, end }: ES.AnyNode, scope: Scope, name: string = kind): void {
    this.specials.push({ kind, name, start, end, scope });
  }
}

function isStrict(body: readonly ES.AnyNode[]): boolean {
  for (const statement of body) {
    if (statement.type !== 'ExpressionStatement' || statement.directive === undefined) return false;
    if (statement.directive === 'use strict') return true;
  }
  return false;
}
