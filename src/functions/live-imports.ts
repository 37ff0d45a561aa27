/** Imported variables that their own module assigns to: the receiver's module may do so, too. */
import type { ImportDeclaration } from 'acorn';
import { Address } from './address.ts';
import { isOfProcess } from './import-bindings.ts';
import { exportedName } from './module-references.ts';
import { resolveImport } from './package-resolution.ts';
import { isOfProgram } from './program-modules.ts';
import type { Binding } from './scopes.ts';
import { type Script, scriptAt } from './script.ts';

/** Replaces such a variable in the text that is sent: a member of a module's namespace. */
export interface LiveImport {
  readonly module: Address;
  readonly member: string;
  /** Where the module goes by value: the variable itself, which its functions share. */
  readonly shared: Binding | undefined;
}

/** A name of a module, as one that imports or re-exports it says it. */
interface Origin {
  readonly specifier: string;
  readonly name: string;
}

/** Returns where to look for the variable each time that it is read; undefined for one that nobody assigns to, or that was not imported. */
export function liveImport(binding: Binding, script: Script): LiveImport | undefined {
  const origin = importOf(binding);
  if (origin === undefined || isOfProcess(binding)) return undefined;
  const module = moduleOf(origin.specifier, script);
  if (module?.importable === undefined) return undefined;
  const assigned = assignedVariable(module, origin.name);
  if (!assigned) return undefined;
  const address = Address.of('import', module.importable, []);
  return { module: address, member: origin.name, shared: isOfProgram(address) ? assigned : undefined };
}

/** Returns the variable that is seen by this name in the namespace of the module at a URL, if the module assigns to it. */
export function assignedExport(url: string, name: string): Binding | undefined {
  const module = scriptAt(url);
  return (module?.isModule && assignedVariable(module, name)) || undefined;
}

/** Returns `undefined` for a namespace, which is an object, and for what the script declares itself. */
function importOf({ declaration, name }: Binding): Origin | undefined {
  if (declaration?.type !== 'ImportDeclaration') return undefined;
  const one = declaration.specifiers.find(({ local }) => local.name === name);
  if (one === undefined || one.type === 'ImportNamespaceSpecifier') return undefined;
  const imported = one.type === 'ImportDefaultSpecifier' ? 'default' : exportedName(one.imported);
  return { specifier: specifierOf(declaration), name: imported };
}

/**
 * Returns the variable that an ES module exports by this name, if the module assigns to it; false if it does not, undefined where it has no such
 * export, or nobody can tell.
 */
function assignedVariable(module: Script, name: string, asked = new Set<string>()): Binding | false | undefined {
  const question = `${module.id} ${name}`;
  if (asked.has(question)) return undefined;
  asked.add(question);
  const found = exportOf(module, name);
  if (found === undefined) {
    for (const specifier of starsOf(module, name)) {
      const beyond = follow({ specifier, name }, module, asked);
      if (beyond !== undefined) return beyond;
    }
    return undefined;
  }
  if (typeof found !== 'string') return found && follow(found, module, asked);
  const binding = module.scopes.program.names.get(found);
  const origin = binding && importOf(binding);
  if (origin !== undefined) return follow(origin, module, asked);
  return binding && (binding.assigned || binding.scope.dynamic) && binding;
}

function follow({ specifier, name }: Origin, from: Script, asked: Set<string>): Binding | false | undefined {
  const module = moduleOf(specifier, from);
  return module && assignedVariable(module, name, asked);
}

function moduleOf(specifier: string, from: Script): Script | undefined {
  const url = resolveImport(specifier, from.base, 'import');
  const module = url === undefined ? undefined : scriptAt(url);
  return module?.isModule ? module : undefined;
}

/** Returns an export of a module by its name: the local variable, or where else it is from; false for a value that is no variable. */
function exportOf({ program, scopes }: Script, name: string): string | Origin | false | undefined {
  for (const node of program.body) {
    if (node.type === 'ExportDefaultDeclaration' && name === 'default') {
      const { declaration } = node;
      // Anything but a declaration is a value of its own from then on.
      return ('id' in declaration && declaration.type.endsWith('Declaration') && declaration.id?.name) || false;
    }
    if (node.type === 'ExportAllDeclaration' && node.exported && exportedName(node.exported) === name) return false;
    if (node.type !== 'ExportNamedDeclaration') continue;
    const one = node.specifiers.find(({ exported }) => exportedName(exported) === name);
    if (one !== undefined) {
      const local = exportedName(one.local);
      return node.source ? { specifier: String(node.source.value), name: local } : local;
    }
    const { declaration } = node;
    if (declaration?.type === 'VariableDeclaration') {
      const from = scopes.program.names.get(name)?.declaration;
      if (from !== undefined && declaration.declarations.includes(from as never)) return name;
    } else if (declaration?.id.name === name) return name;
  }
  return undefined;
}

/** Returns the modules of which a module exports everything, `default` apart. */
function starsOf({ program }: Script, name: string): string[] {
  if (name === 'default') return [];
  return program.body.flatMap((node) =>
    node.type === 'ExportAllDeclaration' && !node.exported ? [specifierOf(node)] : [],
  );
}

function specifierOf({ source }: Pick<ImportDeclaration, 'source'>): string {
  return String(source.value);
}
