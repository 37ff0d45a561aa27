import { dirname } from '../engine/builtins.ts';
import { foldersUp } from '../engine/folders-up.ts';
import { fs } from '../engine/real-files.ts';
import { startDirectory } from './current-directory.ts';

/** Options of node that say what to run, that hold for one process only, or that a child inherits in another way. */
const OWN =
  /^(-[ceip]+|--(check|eval|interactive|print|run|input-type|entry-url|(build-)?snapshot(-blob|-config)?|env-file(-if-exists)?|(test|watch)(-.*)?|inspect-(port|publish-uid)|debug-port))$/;
/** Options that open a debugger's port. */
const INSPECT = /^--inspect(-brk|-wait)?$/;
/** Options that name a module. A relative name is resolved from the directory in which node was started. */
const MODULE = /^(-r|--require|--import|--loader|--experimental-loader)$/;

/**
 * Returns the options of node that a child inherits: the parent's options, except those that would run the parent's program again. A
 * debugger gets a port of its own, which the system chooses; a child does not wait for a debugger.
 */
export function inheritedExecArgv(execArgv: readonly string[], from?: string): string[] {
  const ofParent = grouped(execArgv).filter(([option]) => !OWN.test(/^--[^=]+(?==)/.exec(option)?.[0] ?? option));
  return ofParent.flatMap((group) => moved(group, from));
}

/**
 * Returns the environment that a child inherits. Relative modules in `NODE_OPTIONS` are resolved from the directory in which node was
 * started, and a debugger gets a port of its own.
 */
export function inheritedEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: options } = env;
  if (options === undefined || !/\.\/|inspect/.test(options)) return { ...env };
  const words = grouped(wordsOf(options)).flatMap((group) => moved(group));
  return { ...env, NODE_OPTIONS: words.map(quoted).join(' ') };
}

/** Returns an option with its values in a form that means the same to a child, in whatever directory the child starts. */
function moved([option, ...values]: readonly [string, ...string[]], from?: string): string[] {
  const [, name = option, value] = /^(--[^=]+)=(.*)$/s.exec(option) ?? [];
  if (INSPECT.test(name)) return [`--inspect=${value?.includes(':') ? value.replace(/:\d+$/, ':0') : '0'}`];
  if (!MODULE.test(name)) return [option, ...values];
  if (value !== undefined) return [`${name}=${absolute(name, value, from)}`];
  return [option, ...values.map((value) => absolute(name, value, from))];
}

/** Groups each option with the values that follow it: node takes no value that looks like an option. */
function grouped(words: readonly string[]): [string, ...string[]][] {
  const groups: [string, ...string[]][] = [];
  for (const word of words) {
    const last = groups.at(-1);
    if (last === undefined || /^-./.test(word)) groups.push([word]);
    else last.push(word);
  }
  return groups;
}

/** Returns the words of `NODE_OPTIONS` as node reads them: a word with spaces stands in quotation marks. */
function wordsOf(options: string): string[] {
  const words = options.match(/(?:"(?:\\.|[^"\\])*"|[^ "])+/gs) ?? [];
  return words.map((word) =>
    word.replace(/"((?:\\.|[^"\\])*)"/gs, (_, inner: string) => inner.replace(/\\(.)/gs, '$1')),
  );
}

function quoted(word: string): string {
  return /[ "]/.test(word) ? `"${word.replace(/["\\]/g, '\\$&')}"` : word;
}

/** Returns the module of an option. A relative path becomes an absolute path or a URL. */
function absolute(option: string, specifier: string, from: string | undefined): string {
  if (!/^\.\.?\//.test(specifier)) return specifier;
  const isRequired = /^(-r|--require)$/.test(option);
  const { pathToFileURL } = process.getBuiltinModule('node:url');
  const { resolve } = process.getBuiltinModule('node:path');
  const found = from === undefined ? [...startDirectories()] : [from];
  const folder = found.find((folder) => isThere(specifier, folder, isRequired)) ?? found[0];
  if (folder === undefined) return specifier;
  // Node takes what --import says for a URL.
  return isRequired ? resolve(folder, specifier) : new URL(specifier, pathToFileURL(`${folder}/`)).href;
}

/**
 * Yields the directories in which node may have been started. If a program has changed its directory before it loads the library, these are the shell's
 * `PWD` and the folders above the program.
 */
function* startDirectories(): Generator<string> {
  if (startDirectory !== undefined) yield startDirectory;
  const { PWD } = process.env;
  if (PWD !== undefined && PWD !== startDirectory) yield PWD;
  const [, program = ''] = process.argv;
  if (program !== '') yield* foldersUp(dirname(program));
}

function isThere(specifier: string, folder: string, isRequired: boolean): boolean {
  const { createRequire } = process.getBuiltinModule('node:module');
  const { pathToFileURL } = process.getBuiltinModule('node:url');
  try {
    if (!isRequired) return fs.existsSync(new URL(specifier, pathToFileURL(`${folder}/`)));
    return createRequire(`${folder}/`).resolve(specifier) !== '';
  } catch {
    return false;
  }
}
