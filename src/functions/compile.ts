/** Makes functions from images; the text of each image is compiled once. */
import type { AnyFunction } from './any-function.ts';
import { COVERED } from './covered-name.ts';
import type { FunctionImage } from './function-image.ts';
import { nodeMapsStacks } from './mapped-stacks.ts';

/** Makes a function each time it is called. */
interface CompiledImage {
  readonly image: FunctionImage;
  /** Takes the early variables of a class. `fill` sets all variables, in the order of the image's names; `read` returns them. */
  readonly make: (
    ...early: unknown[]
  ) => [fn: AnyFunction, fill: (...values: unknown[]) => void, read: () => unknown[]];
}

const compiled = new Map<string, CompiledImage>();
const KEPT = 1000;

/** Compiles an image, unless it was compiled before; `image` is then not called. */
export function compileImage(key: string, image: () => FunctionImage): CompiledImage {
  let known = compiled.get(key);
  if (known !== undefined) return known;
  known = compile(key, image());
  const oldest = compiled.size >= KEPT ? compiled.keys().next().value : undefined;
  if (oldest !== undefined) compiled.delete(oldest);
  compiled.set(key, known);
  return known;
}

function compile(key: string, sent: FunctionImage): CompiledImage {
  const image = process.env.NODE_V8_COVERAGE ? { ...sent, file: COVERED + sent.file } : sent;
  const { strict, names } = image;
  const before = `(function (${names.join(', ')}) { ${strict ? "'use strict'; " : ''}return [`;
  const fill = names.map((name, i) => `${name} = arguments[${i}];`).join(' ');
  const after = `, function () { ${fill} }, () => [${names.join(', ')}]]; })`;
  const make =
    image.map !== undefined && nodeMapsStacks()
      ? evaluateMapped(key, image, before, after)
      : evaluate(image, before, after);
  return { image: sent, make: make as CompiledImage['make'] };
}

function evaluate({ code, file, line, column }: FunctionImage, before: string, after: string): unknown {
  const { Script } = process.getBuiltinModule('node:vm');
  const place = { filename: file, lineOffset: line, columnOffset: column - before.length };
  return new Script(before + code + after, place).runInThisContext();
}

/** Node reads the source maps of evaluated text, if it has a name of its own; not those of scripts. */
function evaluateMapped(key: string, image: FunctionImage, before: string, after: string): unknown {
  const { code, file, map } = image;
  const { sources = [], mappings = '' } = map ?? {};
  // The line above the code has no mappings.
  const json = JSON.stringify({ version: 3, sources, names: [], mappings: `;${mappings}` });
  const url = `data:application/json;base64,${Buffer.from(json).toString('base64')}`;
  const text = `${before}\n${code}${after}\n//# sourceURL=${urlOf(file)}#${key}\n//# sourceMappingURL=${url}`;
  try {
    // biome-ignore lint/security/noGlobalEval: as the text of a function that the family's own code sent
    // biome-ignore lint/complexity/noCommaOperator: so that it is global code
    return (0, eval)(text);
  } catch (error) {
    // Node was started with --disallow-code-generation-from-strings: stacks then show the lines of the text that runs.
    if (error instanceof EvalError) return evaluate(image, before, after);
    throw error;
  }
}

/** V8 takes no name with spaces or quotation marks from a comment. */
function urlOf(file: string): string {
  const name = file.startsWith('/') ? process.getBuiltinModule('node:url').pathToFileURL(file).href : file;
  return name.replace(/[\s'"]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
