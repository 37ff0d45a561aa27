/**
 * Loads the files that the library is built into, each once, with the code that V8 compiled of it in an earlier process. Only `dist/` has this:
 * what runs from the source is loaded by Node, module by module (docs/decisions/015-loaded-at-first-use.md).
 */
import { dirname, fs } from '../builtins.ts';
import { cachedCode, keepCodeAtExit, renewCodeAtExit } from './code-cache.ts';

/** What the modules of a part export, by their paths in src/. */
export type Modules = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const { Script } = process.getBuiltinModule('node:vm');
const { isMainThread } = process.getBuiltinModule('node:worker_threads');

const loaded = new Map<string, Modules>();
/** What a process runs of the library is what its first part is for: the code of each is kept for itself. */
let first: string | undefined;

/** The modules of a part, which is loaded if it is not there yet. Throws what the part throws. */
export function part(name: string): Modules {
  let modules = loaded.get(name);
  if (modules === undefined) loaded.set(name, (modules = run(name)));
  return modules;
}

/** A package that is one CommonJS file. */
export function loadPackage(name: string): unknown {
  const filename = require.resolve(name);
  const module = { exports: {} };
  const { compiled } = compile(filename, `${first}-${name}`);
  compiled(module.exports, require, module, filename, dirname(filename));
  return module.exports;
}

const BEFORE = '(function (exports, require, module, __filename, __dirname) { ';

function run(name: string): Modules {
  first ??= name;
  const filename = `${__dirname}/multiproc-${name}.js`;
  const module = { exports: {} as { modules(): Modules } };
  const { compiled } = compile(filename, `${first}-${name}`);
  compiled(module.exports, require, module, filename, dirname(filename));
  return module.exports.modules();
}

type Compiled = (exports: object, require: NodeJS.Require, module: object, filename: string, folder: string) => void;

function compile(filename: string, name: string): { compiled: Compiled } {
  const options = { filename, columnOffset: -BEFORE.length };
  if (!isMainThread) {
    // Whoever ends a thread while it has a file open, leaves that open for good: this is one call. So threads have no compiled code.
    const script = new Script(`${BEFORE}${fs.readFileSync(filename, 'utf8')}\n})`, options);
    return { compiled: script.runInThisContext() as Compiled };
  }
  const bytes = fs.readFileSync(filename);
  const cachedData = cachedCode(name, bytes);
  const script = new Script(`${BEFORE}${bytes.toString()}\n})`, { ...options, ...(cachedData && { cachedData }) });
  if (cachedData === undefined) keepCodeAtExit(name, bytes, script);
  else if (script.cachedDataRejected === true) renewCodeAtExit(name, bytes, script);
  return { compiled: script.runInThisContext() as Compiled };
}
