// Writes the doors of the package: what `import` and `require` get. All of them load the same CommonJS files by Node's own loader in the
// main realm, so a process has one instance of the library, also where a tool has a loader of its own (Jest, Vitest), several realms,
// or has put the door into a bundle (docs/decisions/019-one-instance.md).
import { writeFileSync } from 'node:fs';

/** What follows is the same in both kinds of door. `here` is where it stands; the library's file has a name that no neighbour of a bundle has. */
const open = (part, module, specifier) => `
const { createRequire } = runInThisContext('process').getBuiltinModule('node:module');
function open() {
  let beside;
  try {
    beside = createRequire(here)('./multiproc-load.js');
  } catch (error) {
    if (isBeside()) throw error;
    return openInstalled();
  }
  return beside.part('${part}')['${module}'];
}
function isBeside() {
  try {
    createRequire(here).resolve('./multiproc-load.js');
    return true;
  } catch {
    return false;
  }
}
function openInstalled() {
  for (const place of [here, process.argv[1] ?? here]) {
    let path;
    try {
      path = createRequire(place).resolve('${specifier}');
    } catch {
      continue;
    }
    return createRequire(place)(path);
  }
  throw new Error('multiproc has been bundled, and cannot be found beside the bundle: install it there. Its processes start from its own files.');
}
`;

/** Writes `dist/name.mjs` and `dist/name.cjs` with their types, for the module `doors/name.ts` in `part`, which exports these names. */
export function writeDoor(name, part, exported) {
  const text = open(part, `doors/${name}.ts`, name === 'multiproc' ? name : `multiproc/${name}`);
  const names = [...exported].sort();
  writeFileSync(
    `dist/${name}.mjs`,
    `const { runInThisContext } = process.getBuiltinModule('node:vm');\nconst here = import.meta.url;${text}export const { ${names.join(', ')} } = open();\n`,
  );
  // The names are for Node, which looks for them in the text when an ES module imports this.
  const hint = `0 && (module.exports = { ${names.join(', ')} });\n`;
  writeFileSync(
    `dist/${name}.cjs`,
    `'use strict';\nconst { runInThisContext } = require('node:vm');\nconst here = __filename;${text}module.exports = open();\n${hint}`,
  );
  writeFileSync(`dist/${name}.d.ts`, `export * from './doors/${name}.js';\n`);
  writeFileSync(`dist/${name}.d.mts`, `export * from './${name}.js';\n`);
}
