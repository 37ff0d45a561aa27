// Runs the program in a realm of its own, as test runners do: all its values, functions and errors are of that realm.
const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { dirname, resolve } = require('node:path');
const { constants, createContext, Script } = require('node:vm');

const context = createContext({ console, process });
const loaded = new Map();

function load(file) {
  const known = loaded.get(file);
  if (known !== undefined) return known.exports;
  const module = { exports: new Script('({})').runInContext(context) };
  loaded.set(file, module);
  const real = createRequire(file);
  const require = (name) => (name.startsWith('./') ? load(resolve(dirname(file), name)) : real(name));
  const text = `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, 'utf8')}\n})`;
  const importModuleDynamically = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
  const run = new Script(text, { filename: file, importModuleDynamically }).runInContext(context);
  run.call(module.exports, module.exports, require, module, file, dirname(file));
  return module.exports;
}

load(resolve('commonjs/main.cjs'));
