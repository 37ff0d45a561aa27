// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sources hold templates
/**
 * Programs of chance do something with data, and whatever they give away is changed. Where the proof says that nobody can change the data,
 * it must be as it was. `TEST_SEED` makes the same programs again.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { privateData } from '#dist/functions/private-data.js';
import { analyseScopes } from '#dist/functions/scope-analysis.js';
import type { Script } from '#dist/functions/script.js';
import { parseProgram } from '#dist/functions/syntax.js';

const ROUNDS = process.env.TEST_LONG ? 200_000 : 3000;
const SEED = Number(process.env.TEST_SEED ?? Date.now() % 1_000_000);

const initializers = [
  "[{ id: 1, name: 'a', tags: ['x', 'y'], inner: { deep: [{ n: 1 }] } }, { id: 2, name: 'b', tags: ['z'], inner: { deep: [] } }]",
  "{ id: 3, name: 'q', tags: ['x'], inner: { deep: [{ n: 2 }] }, length: 2 }",
  '[1, 2, 3]',
  "[['k', 1], ['l', [2]]]",
  'new Float64Array(4)',
  "Array.from({ length: 2 }, (_, i) => ({ id: i, name: 'n' + i, tags: [i] }))",
  "[{ id: other.held, name: 'a' }]",
  '[...other.list]',
  '{ ...other.object, id: 1 }',
];
const members = ['.name', '.tags', '.inner', '.deep', '.id', '.length', '.n', '.buffer', '.constructor', '.__proto__'];
const keys = ['[0]', '[1]', "['tags']", '[k]', '[i]', "['buffer']", "['na' + 'me']"];
const leaves = [
  ...['.name', '.id', '.n', '.length', '?.name', '?.id', '?.name.length', '[0]?.id', '[i].name', '.at(0)?.id'],
  ...['.tags[0]', '.tags.length', '.inner.deep[0].n'],
];
const calls = [
  ...['concat(1)', 'includes(1)', 'indexOf(1)', 'toString()', 'valueOf()', 'entries()', 'reverse()', 'flat()'],
  ...['subarray(0)', 'hasOwnProperty("id")', 'at(0)', 'at(1)', 'slice(0)', 'slice(1)'],
];
const callers = ['find', 'filter', 'map', 'some', 'every', 'forEach', 'findIndex', 'flatMap', 'sort', 'findLast'];

/** Makes programs, each out of a few statements about `rows`. */
class Programs {
  #state: number;
  #names: string[] = [];
  #count = 0;

  constructor(seed: number) {
    this.#state = seed;
  }

  int(below: number): number {
    this.#state = (Math.imul(this.#state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (this.#state >> 8) % below;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(list.length)] as T;
  }

  next(): string {
    this.#names = ['rows'];
    this.#count = 0;
    const statements = this.int(4) === 0 ? 2 : 1;
    return Array.from({ length: statements }, () => this.#statement(1 + this.int(3))).join('\n');
  }

  #new(): string {
    return `v${this.#count++}`;
  }

  #within(names: readonly string[], make: () => string): string {
    const before = this.#names;
    this.#names = [...before, ...names, ...names];
    const made = make();
    this.#names = before;
    return made;
  }

  #leaf(): string {
    return this.int(8) === 0 ? '' : this.pick(leaves);
  }

  #key(): string {
    return this.pick(this.int(3) === 0 ? keys : members);
  }

  #value(depth: number): string {
    const name = this.pick(this.#names);
    if (depth <= 0) return name;
    const value = () => this.#value(depth - 1);
    switch (this.int(24)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return `${value()}${this.#key()}`;
      case 4:
        return `${value()}?.${this.pick(['name', 'tags', 'inner', 'deep'])}`;
      case 5:
      case 6:
        return `${value()}.${this.pick(calls)}`;
      case 7:
      case 8:
      case 9:
      case 10:
        return this.#called(depth);
      case 11:
        return `(${value()} ${this.pick(['||', '&&', '??', '+', '===', '==', 'in', '*', '<'])} ${value()})`;
      case 12:
        return `(${this.pick(['c', '!c', value()])} ? ${value()} : ${value()})`;
      case 13:
        return this.pick([`[${value()}]`, `[...${value()}]`, `({ a: ${value()} })`, `({ ...${value()} })`]);
      case 14:
        return this.pick([`(0, ${value()})`, `(x = ${value()})`, `\`\${${value()}}\``]);
      case 15:
        return this.pick(['typeof ', '!', '-', 'void ']) + value();
      case 16: {
        const [all, row] = [this.#new(), this.#new()];
        const body = this.#within([row], value);
        const result = this.pick([
          body,
          `${all} ?? ${body}`,
          `(${all}?.length < 9 && ${all}?.push?.(${body}), ${all})`,
        ]);
        return `${value()}.reduce((${all}, ${row}) => ${result}, ${this.pick(['0', '[]', value()])})`;
      }
      default:
        return name + this.pick(['', '', '[i]', '[0]', '.at(0)', '.slice(1)', '.tags', '.inner', '?.inner?.deep']);
    }
  }

  #called(depth: number): string {
    const [a, b, c] = [this.#new(), this.#new(), this.#new()];
    const [parameters, names] = this.pick<[string, string[]]>([
      [a, [a]],
      [`{ tags: ${a} }`, [a]],
      [`[${a}, ${b}]`, [a, b]],
      [`${a}, ${b}`, [a, b]],
      [`{ ...${a} }`, [a]],
      [`${a}, ${b}, ${c}`, [a, c]],
      [`...${a}`, [a]],
      [`${a} = x`, [a]],
      [`{ [k]: ${a} }`, [a]],
      [`{ inner: { deep: [${a}] } }`, [a]],
    ]);
    const body = this.#within(names, () => {
      const result = `${this.#value(depth - 1)}${this.#leaf()}`;
      return this.int(3) === 0 ? `{ ${this.#statement(depth - 1)} return ${result}; }` : `(${result})`;
    });
    return `${this.#value(depth - 1)}.${this.pick(callers)}((${parameters}) => ${body})`;
  }

  #statement(depth: number): string {
    const value = `${this.#value(depth)}`;
    const leaf = this.#leaf();
    const [a, b] = [this.#new(), this.#new()];
    const inner = () => this.#statement(depth - 1);
    switch (depth < 0 ? 0 : this.int(18)) {
      case 0:
      case 1:
      case 2:
        return `leak(${value}${leaf});`;
      case 3:
        return `const ${a} = ${value}; ${this.#within([a], inner)}`;
      case 4: {
        const pattern = [`{ tags: ${a}, ...${b} }`, `[${a}, ...${b}]`, `{ inner: { deep: ${a} }, name: ${b} }`];
        const [last, wanted] = [`{ [k]: ${a}, id: ${b} = x }`, this.int(4)];
        return `const ${pattern[wanted] ?? last} = ${value}; ${this.#within([a, b], inner)}`;
      }
      case 5:
      case 6:
        return `for (const ${this.pick([a, `{ tags: ${a} }`, `[${a}]`])} of ${value}) { ${this.#within([a], inner)} }`;
      case 7:
        return `${value}.${this.pick(['pop()', 'sort()', 'fill(0)', 'set([9])', 'splice(0)'])};`;
      case 8:
        return `${value}${this.#key()} ${this.pick(['=', '??=', '||=', '+='])} 9;`;
      case 9:
        return this.pick([`delete ${value}${this.#key()};`, `${value}${this.#key()}++;`]);
      case 10:
        return this.pick([`[${value}${this.#key()}] = [9];`, `({ id: ${value}${this.#key()} } = { id: 9 });`]);
      case 11:
        return `if (${value}) { ${inner()} } else { ${inner()} }`;
      case 12:
        return `for (const ${a} in ${value}) { leak(${this.#value(depth - 1)}[${a}]); }`;
      case 13:
        return `{ const ${a} = () => ${value}${leaf}; leak(${a}()); }`;
      case 14:
        return `{ function ${a}(${b} = ${value}${leaf}) { leak(${b}); } ${a}(); }`;
      case 15:
        return `var ${a} = ${value}${leaf}; leak(${a});`;
      case 16:
        return `x = ${value}${leaf}; leak(x);`;
      default:
        return this.pick([`leak(new Box(${value}${leaf}));`, `leak\`\${${value}${leaf}}\`;`, `${value};`]);
    }
  }
}

/** Changes all that can be reached from a value. */
function change(value: unknown, seen = new Set<unknown>([Object.prototype, Array.prototype])): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  if (value instanceof ArrayBuffer) new Uint8Array(value).fill(7);
  else if (value instanceof Float64Array) value.fill(5);
  else {
    if (typeof (value as { next?: unknown }).next === 'function') for (const one of value as never[]) change(one, seen);
    for (const key of Reflect.ownKeys(value)) change(value[key as never], seen);
    if (!Array.isArray(value)) Object.assign(value, { leaked: 1 });
    else if (value.length < 12) value.push('more');
    else value[0] = 'more';
  }
}

/** Runs a program in strict mode; an error of its own ends it. */
function run(text: string, values: Record<string, unknown>): void {
  const f = new Function(...Object.keys(values), `"use strict"; ${text}`);
  try {
    f(...Object.values(values));
  } catch {
    // What it has done until then counts.
  }
}

function parsed(text: string): ReturnType<typeof parseProgram> | undefined {
  try {
    return parseProgram(text, true);
  } catch (error) {
    // Chance has made no program.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

test(`what is proven to be private is never changed (TEST_SEED=${SEED})`, () => {
  const programs = new Programs(SEED);
  let proven = 0;
  let changed = 0;
  for (let i = 0; i < ROUNDS; i++) {
    const init = programs.pick(initializers);
    const body = programs.next();
    const text = `const rows = ${init};\n${body}`;
    const program = parsed(`let x, k, i, c;\n${text}`);
    if (program === undefined) continue;
    const scopes = analyseScopes(program);
    const other = {
      held: programs.pick([1, {}]),
      list: programs.pick([[1], [{}]]),
      object: programs.pick([{ a: 1 }, { a: {} }]),
    };
    const rows: unknown = new Function('other', `return ${init}`)(other);
    const before = inspect(rows, { depth: 12 });
    const k = programs.pick(['tags', 'buffer', 'inner', 0]);
    const leak = (...values: unknown[]) => values.forEach((value) => void change(value));
    const Box = class {
      value: unknown;
      constructor(value: unknown) {
        this.value = value;
      }
    };
    run(`let x, i = 0, c = ${programs.int(2)};\n${body}`, { rows, leak, Box, k });
    for (const known of [other.held, other.list[0], other.object.a]) change(known);
    const isChanged = inspect(rows, { depth: 12 }) !== before;
    const isPrivate = privateData(
      scopes.program.names.get('rows')!,
      { program, scopes, isModule: true } as Script,
      rows,
    )();
    assert.ok(!(isPrivate && isChanged), `round ${i}:\n${text}`);
    if (isPrivate) proven++;
    if (isChanged) changed++;
  }
  // Neither is rare.
  assert.ok(proven > ROUNDS / 20 && changed > ROUNDS / 20, `${proven} proven, ${changed} changed of ${ROUNDS}`);
});
