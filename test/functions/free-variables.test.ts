// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sources hold templates
/** Which names of its surroundings a function uses: source of the function, then the names, space separated. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnyNode } from 'acorn';
import { analyseScopes } from '#dist/functions/scope-analysis.js';
import { contains } from '#dist/functions/scopes.js';
import { parseProgram } from '#dist/functions/syntax.js';

const table: readonly [source: string, free: string][] = [
  // Parameters and their defaults
  ['(a, b = c, ...d) => a + b + d + e', 'c e'],
  ['({ a, b: [c = f], [k]: g, ...rest }) => a + c + g + rest + b', 'b f k'],
  ['(a = () => b, b2 = a) => b2', 'b'],
  ['function (a) { return arguments.length + a }', ''],
  ['() => arguments', 'arguments'],
  ['async x => await x + y', 'y'],
  // var, let, const and functions
  ['() => { var a = b; { var c } return a + c }', 'b'],
  ['() => { if (x) { var y = 1 } return y }', 'x'],
  ['() => { { let a = 1 } return a }', 'a'],
  ['() => { f(); function f() { return g } }', 'g'],
  ['() => { { function f() {} } return f }', ''],
  ['function () { "use strict"; { function f() {} } return f }', 'f'],
  ['() => { const { a, b: { c: [d] }, ...e } = f; return a + d + e + c }', 'c f'],
  ['() => { let a = b, [c, , d = e] = f; return a + c + d }', 'b e f'],
  ['() => { a = 1; b += 2; c++; --d; [e, f.g] = [h]; ({ i, j: k = l } = m) }', 'a b c d e f h i k l m'],
  // Loops
  ['() => { for (let i = 0; i < n; i++) s += i; return i }', 'i n s'],
  ['() => { for (const x of xs) f(x); for (y in o) f(y) }', 'f o xs y'],
  ['() => { for (var [k, v] of m) f(k, v); return k }', 'f m'],
  ['async () => { for await (const x of gen()) yield_(x) }', 'gen yield_'],
  ['() => { while (a) { if (b) break; continue } do { c } while (d) }', 'a b c d'],
  ['() => { outer: for (;;) { inner: for (;;) { break outer } } }', ''],
  // Blocks
  ['() => { try { a } catch (e) { e; b } finally { c } }', 'a b c'],
  ['() => { try {} catch ({ message, ...r }) { return message + r } return message }', 'message'],
  ['() => { try {} catch { return e } }', 'e'],
  ['() => { switch (a) { case b: let c = d; default: return c } }', 'a b d'],
  ['() => { with (a) { b } }', 'a b'],
  // Functions within functions
  ['() => { const f = function g() { return g + h }; return f + g }', 'g h'],
  ['function f() { return f }', ''],
  ['() => () => () => a + b', 'a b'],
  ['(a) => (b) => { var c; return (d) => a + b + c + d + e }', 'e'],
  ['function* () { yield* a; yield b }', 'a b'],
  ['() => { let a; return () => { { let a; } return a } }', ''],
  // Members, keys, labels
  ['() => a.b.c[d].e', 'a d'],
  ['() => ({ a, b: c, [d]: e, f() { return g }, get h() { return i }, ...j })', 'a c d e g i j'],
  ['() => a?.b?.[c]?.(d)', 'a c d'],
  ['() => `x${a}y${`${b}`}`', 'a b'],
  ['() => tag`x${a}`', 'a tag'],
  ['() => /a/g.test(b)', 'b'],
  ['() => typeof a === "undefined" && void b && delete c.d', 'a b c'],
  ['() => new A(...b)', 'A b'],
  ['() => (a, b) ?? (c ||= d)', 'a b c d'],
  ['function () { return () => new.target?.x }', ''],
  ['() => async (x) => import(x + y)', 'y'],
  // Classes
  ['class A extends B { m() { return A + c } }', 'B c'],
  ['() => { class A {} return A }', ''],
  ['() => { return A; class A {} }', ''],
  ['() => class A { n = A } + A', 'A'],
  ['class { a = b; static c = d; [e] = f; static { g; var h; h } #i = j; k() { return this.#i } }', 'b d e f g j'],
  ['class { get a() { return b } set a(v) { c = v } static async *d() { yield e } static [f]() {} }', 'b c e f'],
  ['class { constructor(a = b) { this.a = a; super_ } }', 'b super_'],
  ['class { #p; static is(x) { return #p in x } }', ''],
  ['class { static a = 1; static b = this.a; c = () => this.b + d }', 'd'],
  ['class { a = arguments_ }', 'arguments_'],
  ['class A extends mixin(B, class extends C {}) {}', 'B C mixin'],
  // What compilers make
  ['() => __name(() => 1, "f")', '__name'],
  ['() => (0, import_x.default)(1)', 'import_x'],
  ['function () { return __awaiter(void 0, void 0, void 0, function* () { yield a }) }', '__awaiter a'],
  ['() => { var _a; return (_a = a.b) === null || _a === void 0 ? void 0 : _a.c }', 'a'],
  ['function () { var _this = this; return function () { return _this.x } }', ''],
];

function freeNames(source: string): string {
  const program = parseProgram(`(${source})`, false);
  const scopes = analyseScopes(program);
  const [node] = scopes.functions.keys() as Iterable<AnyNode>;
  assert.ok(node);
  const free = scopes.references.filter(({ binding }) => binding === null || !contains(node, binding.scope.node));
  return [...new Set(free.map(({ name }) => name))].sort().join(' ');
}

for (const [source, free] of table)
  test(`the free variables are found of ${source}`, () => assert.equal(freeNames(source), free));

/** The variables that are assigned after their declaration, and of which there is only one. */
const assignments: readonly [program: string, assigned: string, single: string][] = [
  ['let a = 1; const b = 2; a++; var c = 3; function f() {}', 'a', 'a b c f'],
  ['let a; let b; let c; a = 1; [b] = []; ({ c } = {});', 'a b c', 'a b c'],
  ['let a, b; for (a of []); for (b.c in {});', 'a', 'a b'],
  ['var a = 1; var a = 2; var b; var b;', 'a', 'a b'],
  ['for (var a = 0;;) {} while (1) { var b = 1; let c = 1 }', 'a b', 'a b'],
  ['(() => { let a; a = 1 })(); (function () { let b = 1 }).call(this); (async () => { let c })()', 'a', 'a b c'],
  ['function f() { let a; a = 1 } for (;;) { (() => { let b })() } if (1) { let c = 1 }', 'a', 'c f'],
  ['() => { let a; (() => { let b })() }', '', ''],
  ['let a; { let a; a = 1 }', 'a', 'a'],
  ['(function (exports, require, module, __filename) { let a; a = 1 })', 'a', 'a exports require module __filename'],
  ['(async (module, exports, require) => { let a })', '', 'a exports require module'],
  ['({ x: (m, e, __webpack_require__) => { let a; () => { let b } } })', '', 'a m e __webpack_require__'],
  ['(function* (exports, require, module) { let a })', '', ''],
  ['(function (exports, module) { let a })', '', ''],
];

test('the variables that are assigned, and those of which there is only one, are found', () => {
  for (const [source, assigned, single] of assignments) {
    const { program, references } = analyseScopes(parseProgram(source, false));
    const bindings = new Set([...program.names.values()]);
    for (const { binding, scope } of references) {
      if (binding) bindings.add(binding);
      for (const one of scope.names.values()) bindings.add(one);
    }
    const named = (wanted: typeof bindings) => [...new Set([...wanted].map(({ name }) => name))].sort().join(' ');
    assert.equal(named(new Set([...bindings].filter((one) => one.assigned))), assigned, source);
    for (const one of bindings)
      if (one.kind !== 'own name') assert.equal(one.scope.single, single.includes(one.name), `${one.name}: ${source}`);
  }
});
