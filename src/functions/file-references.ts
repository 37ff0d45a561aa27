/** What the text of a file, or of a function that travels, says of other files. */
import type { AnyNode } from 'acorn';
import { childrenOf, parseProgram } from './syntax.ts';

/** A constant name of another file in a text. */
export interface FileReference {
  readonly specifier: string;
  /** `file` is relative to the file, and need not be a module. */
  readonly kind: 'import' | 'require' | 'file';
  /** True if the text cannot run without the file: a declaration, or a call that is not in a function and not in a `try`. */
  readonly isNeeded: boolean;
}

/** Returns what a program refers to; `isBody` if it is the text of a function, so that what its function needs is needed. */
export function referencesOf(program: AnyNode, isBody = false): FileReference[] {
  const found: FileReference[] = [];
  const visit = (node: AnyNode, isNeeded: boolean): void => {
    const reference = referenceIn(node);
    if (reference !== undefined) {
      const isDeclared =
        node.type !== 'CallExpression' && node.type !== 'NewExpression' && node.type !== 'ImportExpression';
      found.push({ ...reference, isNeeded: reference.kind !== 'file' && (isDeclared || isNeeded) });
    }
    const isInner = node.type === 'TryStatement' || (!isBody && isFunction(node));
    for (const child of childrenOf(node)) visit(child, isNeeded && !isInner);
  };
  visit(program, true);
  return found;
}

/** Returns what a text refers to, without knowing whether it needs the files: for texts that the parser does not know, and comments count. */
export function referencesInText(text: string): FileReference[] {
  const found: FileReference[] = [];
  for (const [all, , specifier = ''] of text.matchAll(
    /(?:\bfrom|\bimport|\brequire|\bresolve)\s*\(?\s*(['"`])([^'"`\n$]+)\1/g,
  )) {
    found.push({ specifier, kind: /^re/.test(all) ? 'require' : 'import', isNeeded: false });
  }
  for (const [, , specifier = ''] of text.matchAll(
    /\bnew\s+URL\(\s*(['"`])(\.{1,2}\/[^'"`\n$]+)\1\s*,\s*(?:import|__here)\.meta\.url/g,
  )) {
    found.push({ specifier, kind: 'file', isNeeded: false });
  }
  return found;
}

/** Returns what the text of a function refers to, as it travels: `__here.import(…)` stands for `import(…)`. */
export function referencesInFunction(code: string): FileReference[] {
  try {
    return referencesOf(parseProgram(`(${code})`, true), true);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return referencesInText(code);
  }
}

function isFunction({ type }: AnyNode): boolean {
  return type === 'FunctionDeclaration' || type === 'FunctionExpression' || type === 'ArrowFunctionExpression';
}

function referenceIn(node: AnyNode): Omit<FileReference, 'isNeeded'> | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
    case 'ImportExpression':
      return node.source ? textual(node.source, 'import') : undefined;
    case 'CallExpression': {
      const kind = loading(node.callee);
      return kind && node.arguments[0] && textual(node.arguments[0], kind);
    }
    case 'NewExpression': {
      const [name, base] = node.arguments;
      const isUrl = node.callee.type === 'Identifier' && node.callee.name === 'URL';
      if (!isUrl || name === undefined || base === undefined || !isOwnUrl(base)) return undefined;
      const reference = textual(name, 'file');
      return reference && /^\.{1,2}\//.test(reference.specifier) ? reference : undefined;
    }
    default:
      return undefined;
  }
}

/** Returns how a call loads what it names: `require('…')`, `require.resolve('…')`, `import.meta.resolve('…')`, `__here.import('…')`. */
function loading(callee: AnyNode): 'import' | 'require' | undefined {
  if (callee.type === 'Identifier') return callee.name === 'require' ? 'require' : undefined;
  if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return undefined;
  const { object, property } = callee;
  if (property.name === 'resolve') {
    if (object.type === 'Identifier' && object.name === 'require') return 'require';
    return isMeta(object) ? 'import' : undefined;
  }
  const isHere = object.type === 'Identifier' && object.name === '__here';
  return isHere && /^import/.test(property.name) ? 'import' : undefined;
}

/** `import.meta.url`, also as it travels. */
function isOwnUrl(node: AnyNode): boolean {
  return (
    node.type === 'MemberExpression' &&
    node.property.type === 'Identifier' &&
    node.property.name === 'url' &&
    isMeta(node.object)
  );
}

function isMeta(node: AnyNode): boolean {
  if (node.type === 'MetaProperty') return true;
  return (
    node.type === 'MemberExpression' &&
    node.object.type === 'Identifier' &&
    node.object.name === '__here' &&
    node.property.type === 'Identifier' &&
    node.property.name === 'meta'
  );
}

function textual(node: AnyNode, kind: FileReference['kind']): Omit<FileReference, 'isNeeded'> | undefined {
  if (node.type === 'Literal' && typeof node.value === 'string') return { specifier: node.value, kind };
  if (node.type !== 'TemplateLiteral' || node.expressions.length > 0) return undefined;
  const specifier = node.quasis[0]?.value.cooked;
  return specifier == null ? undefined : { specifier, kind };
}
