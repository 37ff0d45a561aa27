/** Makes functions from images; the text of each image is compiled once. */
import type { AnyFunction } from './any-function.ts';
import type { FunctionImage } from './function-image.ts';

/** Makes a function each time it is called. */
export interface CompiledImage {
  readonly image: FunctionImage;
  /** Takes the early variables of a class; `fill` takes all variables, in the order of the image's names, and `read` gives them. */
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
  known = compile(image());
  const oldest = compiled.size >= KEPT ? compiled.keys().next().value : undefined;
  if (oldest !== undefined) compiled.delete(oldest);
  compiled.set(key, known);
  return known;
}

function compile(image: FunctionImage): CompiledImage {
  const { code, file, line, column, strict, names } = image;
  const { Script } = process.getBuiltinModule('node:vm');
  const before = `(function (${names.join(', ')}) { ${strict ? "'use strict'; " : ''}return [`;
  const fill = names.map((name, i) => `${name} = arguments[${i}];`).join(' ');
  const after = `, function () { ${fill} }, () => [${names.join(', ')}]]; })`;
  const script = new Script(before + code + after, {
    filename: file,
    lineOffset: line,
    columnOffset: column - before.length,
  });
  return { image, make: script.runInThisContext() as CompiledImage['make'] };
}
