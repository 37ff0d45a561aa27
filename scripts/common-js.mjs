// Makes CommonJS of a file that esbuild has written as an ES module: a file that is split into chunks can be written in no other way.
// `const { name } = require(…)` is as quick as an import; what esbuild itself would write asks a getter each time.
import { parse } from 'acorn';

/** The same code, line by line. */
export function toCommonJs(code) {
  let result = '"use strict"; const moduleUrl = process.getBuiltinModule("node:url").pathToFileURL(__filename).href; ';
  let at = 0;
  for (const node of parse(code, { ecmaVersion: 'latest', sourceType: 'module' }).body) {
    const statement = statementOf(node);
    if (statement === undefined) continue;
    const lines = code.slice(node.start, node.end).split('\n').length - 1;
    result += code.slice(at, node.start) + statement + '\n'.repeat(lines);
    at = node.end;
  }
  return result + code.slice(at);
}

function statementOf(node) {
  if (node.type === 'ImportDeclaration') {
    const required = `require(${node.source.raw});`;
    if (node.specifiers.length === 0) return required;
    const [{ type, local }] = node.specifiers;
    if (type !== 'ImportSpecifier') return `const ${local.name} = ${required}`;
    return `const { ${node.specifiers.map((it) => `${it.imported.name}: ${it.local.name}`).join(', ')} } = ${required}`;
  }
  if (node.type === 'ExportNamedDeclaration' && node.source === null && node.declaration === null) {
    return node.specifiers.map((it) => `exports.${it.exported.name} = ${it.local.name};`).join(' ');
  }
  if (/^Export/.test(node.type)) throw new Error(`scripts/common-js.mjs does not know ${node.type}`);
  return undefined;
}
