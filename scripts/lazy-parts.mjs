// Builds the parts that are loaded at their first use (src/lazy.ts): dist/functions.cjs, dist/pool.cjs.
import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { build } from 'esbuild';

/** Where each part begins. A part may use those before it. */
const roots = { functions: ['functions/function-wire.ts'], pool: ['pool/machinery.ts', 'pool/task-board.ts'] };

/**
 * Builds the parts. Answers which module is in which of them, and the esbuild plugin that writes the list of what they take from the
 * modules that are loaded from the beginning.
 */
export async function buildParts(doors, exportsOf, options) {
  const eager = new Set(await reachedFrom(doors));
  const partOf = new Map();
  for (const [part, names] of Object.entries(roots)) {
    for (const name of await reachedFrom(names)) if (!eager.has(name) && !partOf.has(name)) partOf.set(name, part);
    for (const name of names) if (partOf.get(name) !== part) throw new Error(`src/${name} is imported without lazy()`);
  }
  const taken = new Map();
  for (const part of Object.keys(roots)) {
    for (const [, module, name] of (await buildPart(part, partOf, exportsOf, options)).matchAll(take('eager'))) {
      taken.set(module, (taken.get(module) ?? new Set()).add(name));
    }
  }
  return { partOf, eagerModules: eagerModules(taken) };
}

/** The modules that these import as values, themselves included, by their paths in src/. */
async function reachedFrom(names) {
  const entryPoints = names.map((name) => `src/${name}`);
  const { metafile } = await build({
    entryPoints,
    outdir: 'build',
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    write: false,
    metafile: true,
    logLevel: 'error',
  });
  return Object.keys(metafile.inputs).map((path) => relative('src', path));
}

const take = (part) => new RegExp(`take\\("${part}", "([^"]+)", "([^"]+)"\\)`, 'g');

async function buildPart(part, partOf, exportsOf, options) {
  const own = [...partOf.keys()].filter((name) => partOf.get(name) === part);
  const contents = [
    ...own.map((name, i) => `import * as m${i} from './${name}';`),
    `export default { ${own.map((name, i) => `'${name}': m${i}`).join(', ')} };`,
  ];
  const elsewhere = {
    name: 'elsewhere',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
        const name = relative('src', resolve(resolveDir, path));
        return partOf.get(name) === part ? undefined : { path: name, namespace: 'elsewhere', sideEffects: false };
      });
      onLoad({ filter: /.*/, namespace: 'elsewhere' }, ({ path: name }) => {
        const from = partOf.get(name) ?? 'eager';
        const exports = exportsOf
          .get(name)
          .map((exported) => `export const ${exported} = /* @__PURE__ */ take("${from}", "${name}", "${exported}");`);
        return { contents: exports.join('\n') };
      });
    },
  };
  const outfile = `dist/${part}.cjs`;
  await build({
    ...options,
    stdin: { contents: contents.join('\n'), resolveDir: 'src' },
    outfile,
    format: 'cjs',
    plugins: [elsewhere],
    // The file is a function: it is given the modules that exist, and answers its own.
    banner: {
      js: 'module.exports = (find) => { const module = {}; const take = (part, name, exported) => find(part)[name][exported];',
    },
    footer: { js: 'return module.exports.default; };' },
  });
  return readFileSync(outfile, 'utf8');
}

/** Completes src/eager-modules.ts. */
function eagerModules(taken) {
  const modules = [...taken].map(([name, exported]) => [name, [...exported]]);
  const contents = [
    "import { handOver } from './lazy.ts';",
    ...modules.map(
      ([name, list], i) => `import { ${list.map((it) => `${it} as m${i}_${it}`).join(', ')} } from './${name}';`,
    ),
    'handOver(() => ({',
    ...modules.map(([name, list], i) => `  '${name}': { ${list.map((it) => `${it}: m${i}_${it}`).join(', ')} },`),
    '}));',
  ];
  return {
    name: 'eager-modules',
    setup({ onLoad }) {
      onLoad({ filter: /src\/eager-modules\.ts$/ }, ({ path }) => ({
        contents: `${readFileSync(path, 'utf8')}${contents.join('\n')}`,
        loader: 'ts',
        resolveDir: resolve('src'),
      }));
    },
  };
}
