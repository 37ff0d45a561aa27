import type * as ES from 'acorn';

const ofCommonJs = ['exports', 'require', 'module'];
const ofBundler = /^__(webpack|rspack)_(exports|require)__$/;

/** Returns true if a loader (jiti, AMD) or a bundler (webpack, Rspack) has put a module into the function, which it calls once. */
export function isModuleWrapper({ params }: Pick<ES.Function | ES.ArrowFunctionExpression, 'params'>): boolean {
  const names = params.map((parameter) => (parameter.type === 'Identifier' ? parameter.name : ''));
  return ofCommonJs.every((name) => names.includes(name)) || names.some((name) => ofBundler.test(name));
}
