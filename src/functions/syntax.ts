/** The parser, loaded when the first function travels by value. */

import type { AnyNode, ClassBody, ClassDeclaration, ClassExpression, Program } from 'acorn';

let acorn: typeof import('acorn') | undefined;

/** Parses a module or script; throws a SyntaxError. */
export function parseProgram(text: string, isModule: boolean): Program {
  acorn ??= require('acorn') as typeof import('acorn');
  return acorn.parse(text, {
    ecmaVersion: 'latest',
    sourceType: isModule ? 'module' : 'script',
    allowHashBang: true,
    // CommonJS modules are the bodies of functions.
    allowReturnOutsideFunction: true,
    allowAwaitOutsideFunction: isModule,
    allowSuperOutsideMethod: true,
  });
}

/** Returns the nodes directly within another one, in the order of the text. */
export function childrenOf(node: AnyNode): AnyNode[] {
  // Of `{ name }` the key and the value stand at one place.
  if (node.type === 'Property' && node.shorthand) return [node.value];
  const children: AnyNode[] = [];
  for (const value of Object.values(node)) {
    if (isNode(value)) children.push(value);
    else if (Array.isArray(value)) for (const each of value) if (isNode(each)) children.push(each);
  }
  return children;
}

/** Returns true for a class, declared or an expression. */
export function isClassNode(node: AnyNode): node is ClassDeclaration | ClassExpression {
  return node.type === 'ClassDeclaration' || node.type === 'ClassExpression';
}

/** Returns what stands in the body of a class; nothing for other nodes. */
export function membersOfClass(node: AnyNode): ClassBody['body'] {
  return isClassNode(node) ? node.body.body : [];
}

/** Returns true if something in a syntax tree is a node of it. */
export function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** Returns the specifier of `require('…')`, `undefined` for other nodes. */
export function requiredSpecifier(node: AnyNode): string | undefined {
  if (node.type !== 'CallExpression' || node.callee.type !== 'Identifier' || node.callee.name !== 'require') {
    return undefined;
  }
  const [specifier] = node.arguments;
  return specifier?.type === 'Literal' && typeof specifier.value === 'string' ? specifier.value : undefined;
}
