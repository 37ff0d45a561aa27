/** Variables that an `import` declaration, or a `require()` of a constant string, brought in: where from. */
import { isBuiltin } from 'node:module';
import type { AnyNode } from 'acorn';
import { Address } from './address.ts';
import { isEntryScript } from './entry-script.ts';
import { isInPackage, packageAt } from './installed-package.ts';
import { resolveImport } from './package-resolution.ts';
import { type Binding, initializerOf } from './scopes.ts';
import type { Script } from './script.ts';
import { requiredSpecifier } from './syntax.ts';

/** Returns the address that a variable was imported from; undefined for what was not imported, or leads back to the entry script. */
export function importedFrom(binding: Binding, script: Script): Address | undefined {
  const { declaration, name } = binding;
  if (declaration === undefined || binding.assigned) return undefined;
  if (declaration.type === 'ImportDeclaration') {
    const specifier = String(declaration.source.value);
    for (const one of declaration.specifiers) {
      if (one.local.name !== name) continue;
      if (one.type === 'ImportNamespaceSpecifier') return addressOf('import', specifier, [], script);
      if (one.type === 'ImportDefaultSpecifier') return addressOf('import', specifier, ['default'], script);
      const { imported } = one;
      return addressOf(
        'import',
        specifier,
        [imported.type === 'Identifier' ? imported.name : String(imported.value)],
        script,
      );
    }
    return undefined;
  }
  const { id, init } = declaration;
  const required = init && (requiredBy(init) ?? awaitedBy(init));
  if (required === undefined || required === null) return undefined;
  const { kind } = required;
  if (id.type === 'Identifier') return addressOf(kind, required.specifier, required.path, script);
  if (id.type !== 'ObjectPattern') return undefined;
  for (const property of id.properties) {
    if (property.type === 'RestElement' || property.computed || property.value.type !== 'Identifier') continue;
    if (property.value.name !== name) continue;
    const key =
      property.key.type === 'Identifier' ? property.key.name : String((property.key as { value?: unknown }).value);
    return addressOf(kind, required.specifier, [...required.path, key], script);
  }
  return undefined;
}

const makers = new WeakMap<Binding, string | undefined>();

/** Returns the package whose import makes the value of a variable: `const schema = z.object(…)`, `const limit = pLimit(2)`. */
export function packageThatMade(binding: Binding, script: Script): string | undefined {
  if (!makers.has(binding)) makers.set(binding, findMaker(binding, script));
  return makers.get(binding);
}

function findMaker(binding: Binding, script: Script): string | undefined {
  const init = initializerOf(binding);
  if (!init || packageAt(script.base) !== undefined) return undefined;
  // The first name in it is what is called, or made.
  const first = script.scopes.references.find(({ start, end }) => init.start <= start && end <= init.end);
  const from = first?.binding && importedFrom(first.binding, script);
  return from ? packageAt(from.module)?.name : undefined;
}

/** Returns true if a variable was imported from Node itself or from this library: it may mean something else in each process. */
export function isOfProcess({ declaration }: Binding): boolean {
  if (declaration?.type !== 'ImportDeclaration') return false;
  const specifier = String(declaration.source.value);
  return isBuiltin(specifier) || /^multiproc(\/|$)/.test(specifier);
}

/** Returns true if a variable is a `require` for the file that it stands in: \`createRequire(import.meta.url)\`. */
export function isOwnRequire(binding: Binding, script: Script): boolean {
  const init = initializerOf(binding);
  if (init?.type !== 'CallExpression') return false;
  const [argument] = init.arguments;
  const text = argument && script.text.slice(argument.start, argument.end);
  return text === 'import.meta.url' || text === 'import.meta.filename' || text === '__filename';
}

/**
 * Returns the address of the exports that a compiler's wrapper, as in `const lib = __toESM(require('./lib'))`, shows by members of the same
 * names; undefined for other variables. `default` is the same only of what was compiled from an ES module.
 */
export function wrappedExports(binding: Binding, script: Script): Address | undefined {
  const init = initializerOf(binding);
  if (binding.assigned || init?.type !== 'CallExpression' || init.arguments[0] === undefined) return undefined;
  const required = requiredBy(init.arguments[0]);
  return required && addressOf('require', required.specifier, required.path, script);
}

interface Loaded {
  readonly kind: 'import' | 'require';
  readonly specifier: string;
  readonly path: string[];
}

/** `await import('…')`. */
function awaitedBy(node: AnyNode): Loaded | undefined {
  if (node.type !== 'AwaitExpression' || node.argument.type !== 'ImportExpression') return undefined;
  const { source } = node.argument;
  if (source.type !== 'Literal' || typeof source.value !== 'string') return undefined;
  return { kind: 'import', specifier: source.value, path: [] };
}

/** `require('…')`, and a member of it. */
function requiredBy(node: AnyNode): Loaded | undefined {
  if (node.type === 'MemberExpression' && !node.computed && node.property.type === 'Identifier') {
    const inner = requiredBy(node.object);
    return inner && { ...inner, path: [...inner.path, node.property.name] };
  }
  const specifier = requiredSpecifier(node);
  return specifier === undefined ? undefined : { kind: 'require', specifier, path: [] };
}

function addressOf(kind: 'import' | 'require', specifier: string, path: string[], script: Script): Address | undefined {
  const url = resolveImport(specifier, script.base, kind);
  if (url === undefined || isEntryScript(url) || isOfTool(url, script)) return undefined;
  const withoutDefault = path[0] === 'default' ? path.slice(1) : path;
  if (url.endsWith('.json')) return Address.of('require', url, withoutDefault);
  return url.startsWith('node:') ? Address.of('builtin', url, withoutDefault) : Address.of(kind, url, path);
}

/** Tools that run programs in a realm of their own (Jest) have modules of their own there, made of the files in their own ways; packages they leave as they are. */
function isOfTool(url: string, { isMainContext }: Script): boolean {
  return !isMainContext && url.startsWith('file:') && !isInPackage(url);
}
