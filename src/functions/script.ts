/** A script that some function came from: its text, its names, and which node of its syntax tree a function is. */

import type { AnyNode, Program } from 'acorn';
import { fs } from '../engine/builtins.ts';
import { isEntryScript } from './entry-script.ts';
import { InspectorRefusal, type LoadedScript, loadedScript, moduleAt } from './inspector.ts';
import { moduleText } from './module-text.ts';
import { spellings } from './program-modules.ts';
import { Refusal } from './refusal.ts';
import { analyseScopes } from './scope-analysis.ts';
import type { ProgramScopes } from './scopes.ts';
import { scriptUrl } from './script-url.ts';
import { isClassNode, membersOfClass, parseProgram } from './syntax.ts';

/** What is known of one script; made once per script. */
export interface Script extends Omit<LoadedScript, 'source'> {
  readonly text: string;
  /** `file:` URL of the file that it was loaded from, undefined for what no receiver could load: evaluated text, bundles' virtual modules, the entry script. */
  readonly importable: string | undefined;
  /** Base of relative imports, `import.meta.url` of the file it was written in. */
  readonly base: string;
  readonly program: Program;
  readonly scopes: ProgramScopes;
}

/** One function in its script. */
export interface PlacedFunction {
  readonly script: Script;
  readonly node: AnyNode;
}

const scripts = new Map<string, Script | Refusal>();

/** Returns the script with this id of V8; throws a Refusal where the parser does not know its syntax. */
export function scriptOf(id: string): Script {
  let script = scripts.get(id);
  if (script === undefined) {
    const loaded = loadedScript(id);
    try {
      script = readScript(loaded);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      script = new Refusal(`the syntax of ${loaded.url} is not known here: ${error.message}`, { cause: error });
    }
    scripts.set(id, script);
  }
  if (script instanceof Refusal) throw script;
  return script;
}

const modules = new Map<string, Script | undefined>();

/** Returns the ES module that was loaded from a `file:` URL; undefined where there is none, or its syntax is not known here. */
export function scriptAt(url: string): Script | undefined {
  if (modules.has(url)) return modules.get(url);
  let script: Script | undefined;
  try {
    const id = url.startsWith('file:') ? moduleAt(spellings(url)) : undefined;
    script = id === undefined ? undefined : scriptOf(id);
  } catch (error) {
    if (error instanceof InspectorRefusal) script = scriptOfFile(url);
    else if (!(error instanceof Refusal)) throw error;
  }
  modules.set(url, script);
  return script;
}

/** Makes the script from the file alone, without V8, which alone knows whether the module was loaded. */
function scriptOfFile(url: string): Script | undefined {
  const source = moduleText(url);
  if (source === undefined) return undefined;
  const place = { startLine: 0, startColumn: 0, mapUrl: '' };
  try {
    return readScript({ id: '', url, isModule: true, isMainContext: true, ...place, source });
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Returns true if it belongs to Node itself: nobody needs its syntax tree. */
export function isNodeScript({ url }: Pick<LoadedScript, 'url'>): boolean {
  return url.startsWith('node:') || url.startsWith('internal/');
}

function readScript(loaded: LoadedScript): Script {
  const { source, ...rest } = loaded;
  const url = scriptUrl(loaded.url);
  const text = isNodeScript(loaded) ? '' : source;
  const program = parseProgram(text, loaded.isModule);
  const base = baseUrl(url);
  const importable = isImportable(loaded, base) && !isEntryScript(base) ? base : undefined;
  return { ...rest, url, text, base, importable, program, scopes: analyseScopes(program) };
}

function baseUrl(url: string): string {
  if (url.startsWith('file:')) return url;
  const { pathToFileURL } = process.getBuiltinModule('node:url');
  // A relative name, such as [eval], stands in the working directory: that is where its require() looks.
  if (!/^[a-z][a-z+.-]+:/i.test(url)) return pathToFileURL(url).href;
  return url;
}

function isImportable({ isMainContext, startLine, startColumn }: LoadedScript, base: string): boolean {
  // A query makes another instance of the module than the one that require() would find.
  if (!isMainContext || startLine !== 0 || startColumn !== 0 || !/^file:[^?#]*$/.test(base)) return false;
  const { fileURLToPath } = process.getBuiltinModule('node:url');
  return fs.existsSync(fileURLToPath(base));
}

/** Returns the function's node in its script: `line` and `column` are where V8 says that it begins. */
export function placeFunction(script: Script, fn: object, line: number, column: number): PlacedFunction | undefined {
  const offset = offsetOf(script, line, column);
  const isClass = /^class\b/.test(Function.prototype.toString.call(fn));
  let best: AnyNode | undefined;
  for (const node of script.scopes.functions.keys()) {
    // V8 places a class at its constructor, or at its own beginning; other functions at their parameters.
    const classNode = isClassNode(node);
    if (classNode !== isClass || node.start > offset || node.end <= offset) continue;
    if (!classNode && (node as { body: AnyNode }).body.start < offset) continue;
    if (classNode && !isPlaceOfClass(node, offset)) continue;
    if (best === undefined || node.start >= best.start) best = node;
  }
  return best && { script, node: best };
}

function isPlaceOfClass(node: AnyNode, offset: number): boolean {
  if (node.start === offset) return true;
  const own = membersOfClass(node).find(
    (member) => member.type === 'MethodDefinition' && member.kind === 'constructor',
  );
  return own?.type === 'MethodDefinition' && own.value.start === offset;
}

/** Returns the place in the text of a line and column, from 0, as V8 reports them. */
export function offsetOf(script: Script, line: number, column: number): number {
  let at = 0;
  const lines = line - script.startLine;
  for (let i = 0; i < lines; i++) at = script.text.indexOf('\n', at) + 1;
  return at + column - (lines === 0 ? script.startColumn : 0);
}

/** Line and column, from 0, of a place in the text, as V8 would report them. */
export function positionOf(script: Script, offset: number): { line: number; column: number } {
  let line = 0;
  let start = 0;
  for (let next = script.text.indexOf('\n'); next !== -1 && next < offset; next = script.text.indexOf('\n', start)) {
    line++;
    start = next + 1;
  }
  return { line: line + script.startLine, column: offset - start + (line === 0 ? script.startColumn : 0) };
}
