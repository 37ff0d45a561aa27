/**
 * Node's own `import()`. As text, for tools rewrite what stands in CommonJS files; where no text may be compiled, there are hardly such tools. In `dist/` a
 * file that Node itself loads: what is compiled in another way has no `import()`.
 */
export const ownImport: (specifier: string, options?: unknown) => Promise<unknown> = compile();

function compile(): typeof ownImport {
  try {
    return new Function('specifier', 'options', 'return import(specifier, options)') as typeof ownImport;
  } catch {
    return (specifier, options) => import(specifier, options as ImportCallOptions);
  }
}
