// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sources hold templates
// Data that only one constant has, by the text of the script: what is proven, and every way in which other code may get hold of it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { captureFunction } from '#dist/functions/capture.js';
import { privateData } from '#dist/functions/private-data.js';
import { analyseScopes } from '#dist/functions/scope-analysis.js';
import type { Script } from '#dist/functions/script.js';
import { parseProgram } from '#dist/functions/syntax.js';
import { runFixture } from './run-fixture.ts';

const INIT = "[{ id: 1, name: 'a', tags: ['x', 'y'], inner: { deep: [{ n: 1 }] } }]";
const other = { held: {}, text: 'b', list: [1], lists: [[1]], elsewhere: () => ({}) };

/** Whether `rows` is private in a module of such a text; its value is what the initializer makes. */
function isPrivate(init: string, uses: string, isModule = true): boolean {
  const text = `const rows = ${init};\n${uses}`;
  const program = parseProgram(text, isModule);
  const scopes = analyseScopes(program);
  const value: unknown = new Function('other', `return ${init}`)(other);
  return privateData(scopes.program.names.get('rows')!, { program, scopes, isModule } as Script, value)();
}

const reads = [
  '',
  'const f = (i) => rows[i].name;',
  'const f = (i, k) => rows[i]?.inner.deep[0].n + k;',
  'const f = () => rows.length;',
  'const f = () => rows[0].name.toUpperCase().split("").sort();',
  'function f(id) { for (const row of rows) if (row.id === id) return row.name; }',
  'function f(id) { for (const { id: found, tags } of rows) if (found === id) return tags[0]; }',
  'function f(id) { for (let i = 0; i < rows.length; i++) { const row = rows[i]; if (row.id === id && row.tags) return row.name; } }',
  'const f = (id) => rows.find((row) => row.id === id)?.name;',
  'const f = (id) => rows.filter((row) => row.id > id).map(({ name }) => ({ name }));',
  'const f = () => rows.reduce((sum, row) => sum + row.id, 0);',
  'const f = () => rows.some((row) => row.tags.includes("x")) && rows.at(-1).name;',
  'const f = (key) => { for (const name in rows[0]) if (name === key) return key in rows[0]; };',
  'const f = () => { const { tags: [first], inner: { deep: [{ n }] } } = rows[0]; return [first, n]; };',
  'const f = () => [...rows[0].tags, ...rows[0].name];',
  'const f = () => console.log(`${rows[0].name}${rows[0].id}`, typeof rows, !rows, rows === 1);',
  'const f = () => ({ [rows[0].name]: rows[0].id, all: rows.map((row) => row.id) });',
  'let name = rows[0].name; name = "another"; var id = rows[0].id;',
  'export const { name } = rows[0];',
  'export const first = rows[0].name; export default (i) => rows[i].id;',
  'class A { n = rows[0].id; static s = rows[0].name; m() { return rows[0].tags.slice(1)[0]; } }',
  '{ const rows = {}; rows.x = 1; }',
  'const f = (rows) => rows.push(1);',
  'const f = () => { if (rows) return 1; while (rows[0].id < 0); switch (rows[0].name) { case rows[0].tags[0]: return rows[0].id ? 1 : 2; } };',
  'const f = (i) => (rows[i] ? rows[i] : rows[0]).name + (rows[i] || rows[0]).id;',
  'const f = (other) => (rows[0].constructor, rows.concat, rows["__proto__"]) && other.x;',
];

describe('what is only read is private', () => {
  for (const text of reads) test(text || 'nothing', () => assert.equal(isPrivate(INIT, text), true));
});

const leaks = [
  // Given to other code
  'globalThis.leak = rows;',
  'const f = (g) => g(rows);',
  'const f = (g) => g(rows[0]);',
  'const f = (g, i) => g(rows[i].tags);',
  'const f = (g, key) => g(rows[0][key]);',
  'const f = (g) => g(...rows);',
  'const f = (g) => g`${1}${rows}`;',
  'const f = (G) => new G(rows[0]);',
  'const f = () => rows;',
  'const f = () => rows[0].inner;',
  'function f() { return rows[0]?.inner?.deep; }',
  'function* f() { yield rows[0]; }',
  'async function f() { await rows[0].inner; }',
  'const f = () => { throw rows[0]; };',
  'const f = (o) => { o.x = rows[0].tags; };',
  'const f = (o) => { o.x ??= rows[0].tags; };',
  'const f = (a) => a || rows[0];',
  'const f = (a) => (rows[0] || a) ?? rows[0];',
  'const f = (a) => a ? rows[0] : 1;',
  'const f = () => (0, rows[0]);',
  'const f = () => [rows[0]];',
  'const f = () => ({ row: rows[0] });',
  'const f = () => ({ rows });',
  'const f = () => ({ ...rows[0] });',
  'const f = () => [...rows];',
  'const f = (x = rows[0]) => x;',
  'const f = ({ x = rows[0] }) => x;',
  'class A { n = rows[0]; }',
  'class A { static n = rows; }',
  'class A extends rows {}',
  'export default rows;',
  'export { rows };',
  'export { rows as data };',
  'export const { tags } = rows[0];',
  'export const row = rows[0];',
  'const row = rows[0]; export { row };',
  'export const rowsOf = () => rows;',
  'module.exports = { rows };',
  'const f = (row) => row instanceof rows[0].inner || rows instanceof row;',
  'import(rows);',
  // By other names
  'const all = rows; all.push(1);',
  'const row = rows[0]; row.name = "b";',
  'const { tags } = rows[0]; tags.push("z");',
  'const { ...rest } = rows[0]; rest.tags.push("z");',
  'const [first] = rows; first.id++;',
  'const { inner: { deep: [one] } } = rows[0]; delete one.n;',
  'let row = rows[0]; row = rows[1]; row.name = "b";',
  'var row = rows[0]; row.name = "b";',
  'function f(row) { var row = rows[0]; row.name = "b"; }',
  'for (const row of rows) row.name = "b";',
  'for (const { tags } of rows) tags.length = 0;',
  'let row; for (row of rows) row.name = "b";',
  'for (var row of rows) row.name = "b";',
  'const f = async () => { for await (const row of rows) row.name = "b"; };',
  'const a = () => b.x, b = rows[0]; b.x = 1;',
  'const f = () => { const a = rows.filter((x) => b.length), b = a.filter((x) => 1); a.push(b); };',
  // By a method
  'rows.push({});',
  'rows.sort();',
  'rows[0].tags.reverse();',
  'rows["push"](1);',
  'const f = (name) => rows[name](1);',
  'const f = (name) => rows[0].tags[name]?.(1);',
  '(rows?.concat)(1);',
  'rows.concat`x`;',
  'rows.forEach((row) => (row.name = "b"));',
  'rows.forEach((row) => { row.tags.pop(); });',
  'rows.forEach(function (row) { arguments[0].name = "b"; });',
  'rows.forEach((row, i, all) => all.pop());',
  'rows.forEach((...all) => all[0].name = "b");',
  'rows.forEach(change); function change(row) { row.name = "b"; }',
  'rows.map((row) => row);',
  'rows.map((row) => row.tags);',
  'rows.map(({ tags }) => ({ tags }));',
  'rows.find((row) => row.id).name = "b";',
  'const f = () => rows.filter((row) => row.id)[0];',
  'rows.filter((row) => row.id)[0].name = "b";',
  'rows.at(0).name = "b";',
  'rows.slice(0)[0].name = "b";',
  'rows.reduce((first, row) => (first.name = row.name));',
  'rows.reduce((all, row) => [...all, row], []);',
  'rows.entries().next().value[1].name = "b";',
  'rows.find((row) => row.id, rows);',
  'rows.forEach((row) => globalThis.leak(row));',
  'Object.assign(rows[0], { name: "b" });',
  'Object.values(rows)[0].name = "b";',
  'Array.prototype.push.call(rows, 1);',
  'JSON.stringify(rows, change);',
  'Reflect.set(rows, 0, 1);',
  'structuredClone(rows);',
  // Written
  'rows[0] = 1;',
  'rows[0].name = "b";',
  'rows[0].inner.deep[0].n += 1;',
  'rows[0].id++;',
  'rows.length = 0;',
  'delete rows[0].name;',
  'delete rows?.[0]?.name;',
  '[rows[0].name] = ["b"];',
  '({ name: rows[0].name } = other);',
  '({ name: rows[0].name = 1 } = other);',
  '({ ...rows[0].inner } = other);',
  '[...rows[0].tags] = [];',
  'for (rows[0].name of ["b"]);',
  'for (rows[0].name in { b: 1 });',
  'rows[0].name ??= "b";',
  'rows.__proto__ = null;',
  'rows[0].__proto__.x = 1;',
  // Out of sight
  'const f = (text) => eval(text);',
  'class A { #x; f() { return rows[0].#x; } }',
];

describe('data that other code may get hold of is not proven', () => {
  for (const text of leaks) test(`not proven: ${text}`, () => assert.equal(isPrivate(INIT, text), false));
  test('data that other code may get hold of is not proven: with, in a script', () =>
    assert.equal(isPrivate(INIT, 'with (rows[0]) { name = 1; }', false), false));
  test('data that other code may get hold of is not proven: the result of a script that is evaluated', () => {
    assert.equal(isPrivate(INIT, 'rows;', false), false);
    assert.equal(isPrivate(INIT, 'if (1) { rows[0]; }', false), false);
    assert.equal(isPrivate(INIT, 'rows[0].name;', false), true);
    assert.equal(isPrivate(INIT, 'function f() { rows[0]; }', false), true);
  });
});

const fresh = [
  INIT,
  '[]',
  '{ a: 1, b: [2, -3], "c d": `x`, 4: !0, n: null }',
  '{ a: other.text, b: 1 }',
  '{ ["a" + 1]: [1], b: 1 }',
  '{ ...other.list, a: 1 }',
  '[...other.list, 1]',
  'Array.from({ length: 3 }, (_, i) => ({ id: i, name: "n" + i, tags: ["a"] }))',
  'Array.from({ length: 3 }, function (_, i) { if (i === 1) return [i]; return { i }; })',
  'Array.from(other.list)',
  'Array.from("abc", (letter) => { const code = letter.charCodeAt(0); return { letter, code }; })',
  'JSON.parse(\'[{"a":{"b":[1]}}]\')',
  'Object.freeze([{ a: 1 }])',
  'Object.keys(other).map((key) => ({ key }))',
  'Object.entries({ a: 1 }).map(([key, value]) => [key, value]).map(([key]) => ({ key }))',
  '[...other.list].map((value) => ({ value }))',
  'true ? [1] : { a: 1 }',
  'new Float64Array(8)',
  'new Uint8Array([1, 2]).fill(3)',
  '{ table: new Uint16Array(2 ** 4), names: ["a"] }',
];

describe('what an initializer makes itself is private', () => {
  for (const init of fresh)
    test(`private: ${init}`, () => assert.equal(isPrivate(init, 'const f = () => rows.length;'), true));
});

const known = [
  'other.held',
  '[other.held]',
  '{ a: other.held }',
  '{ a: [{ b: other.held }] }',
  '{ ["a" + 1]: other.held }',
  '{ ...other }',
  '[...other.lists]',
  '[1, [2], ...other.lists]',
  'Array.from({ length: 2 }, () => other.held)',
  'Array.from({ length: 2 }, other.elsewhere)',
  'Array.from({ length: 2 }, () => { const made = {}; return made; })',
  'Array.from({ length: 2 }, (_, i) => ({ i, held: other.held }))',
  'Array.from(other.lists)',
  'Array.from(other.lists, (list) => ({ list }))',
  'Array.from(...[other.lists])',
  'Object.values(other.lists)',
  'Object.entries(other)',
  'other.lists.map((list) => [1])',
  '[1].map(other.elsewhere)',
  'JSON.parse("[{}]", (key, value) => value)',
  'JSON.parse(...["[{}]"])',
  'Object.freeze(other.held)',
  'other.held ?? []',
  '[{ a: (globalThis.leaked = {}) }]',
  '{ __proto__: other.held, a: 1 }',
  '{ get a() { return this; } }',
  '{ a() { return this; } }',
  '{ a: () => 1 }',
  '[/a/]',
  '[new Map()]',
  'new Uint8Array(new ArrayBuffer(8))',
  'new Uint8Array(other.list)',
  'new (class { a = 1; })()',
  'structuredClone({ a: new Map() })',
];

describe('what it takes from elsewhere is not', () => {
  for (const init of known) test(`not private: ${init}`, () => assert.equal(isPrivate(init, ''), false));
  test('what an initializer takes by a name that means something else is not private', () => {
    assert.equal(isPrivate('JSON.parse("[1]")', 'const JSON = other;'), false);
    assert.equal(isPrivate('Array.from([1])', 'import Array from "x";'), false);
    assert.equal(isPrivate('new Float64Array(1)', 'class Float64Array {}'), false);
  });
});

describe('typed arrays', () => {
  const init = 'new Float64Array(8).fill(1)';
  for (const [uses, expected] of [
    ['const f = (i) => rows[i] * 2;', true],
    ['const f = (i) => `${rows[i]}` + rows.length + -rows[i];', true],
    ['const f = () => { let sum = 0; for (const n of rows) sum += n; return sum; };', true],
    ['const f = (g) => rows.map((n) => g(n));', true],
    ['const f = (key) => rows[key];', false],
    ['const f = (g, key) => g(rows[key]);', false],
    ['const f = (key) => { const { [key]: memory } = rows; return memory; };', false],
    ['const f = (g, key) => g`${rows[key]}`;', false],
    ['const f = (key) => (rows[key] || 1) && rows[key];', false],
    ['const f = () => rows.buffer;', false],
    ['const f = () => rows["buffer"];', false],
    ['const f = () => rows.subarray(1)[0];', false],
    ['rows.set([1]);', false],
    ['rows[0] = 1;', false],
  ] as const) {
    test(`typed arrays: ${uses}`, () => assert.equal(isPrivate(init, uses), expected));
  }
});

const squares = Array.from({ length: 100 }, (_, i) => ({ i, square: i * i }));

test('what is proven of a program is not looked at any more', () => {
  const captured = captureFunction((i: number) => squares[i]?.square);
  assert.ok(captured.kind === 'image');
  const { shared } = captured.variables.find(({ value }) => value === squares)!;
  assert.equal(shared?.isFixed(), false); // small data is compared at once
  shared!.isLarge = true;
  assert.equal(shared?.isFixed(), true);
});

test('a task sees every change of large data', () => runFixture('private-data.mjs'));
test('nothing is private where a program has replaced what reads data', () => {
  runFixture('replaced-builtins.mjs');
  runFixture('replaced-iterator.mjs');
});
