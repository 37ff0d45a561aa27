// Rewrites a built file so that each place where a death, a stop or a failing call may matter to others becomes a *point*: a call of
// `$points` (test/disturb/points.ts) in place of a write to shared memory or a call of the system. See test/disturb/README.md.
import { readFileSync } from 'node:fs';
import { parse } from 'acorn';
import { privateFolders, privateStores } from './private-stores.mjs';

const writes = new Set(['store', 'exchange', 'compareExchange', 'add', 'sub', 'and', 'or', 'xor']);
const reads = new Set(['load', 'wait', 'waitAsync', 'notify', 'pause']);
const fills = /^(fill|copyWithin|set|set(Int|Uint|BigInt|BigUint|Float)\d+)$/;

/** Answers the code, CommonJS, with its points, which it takes from the module `runtime`. What they are is added to `places`: a point's number is its index there. */
export function instrument(code, runtime, places) {
  const comments = [];
  const tree = parse(code, {
    ecmaVersion: 'latest',
    sourceType: 'script',
    onComment: comments,
  });
  const rewritten = new Rewriting(code, comments, places).render(tree);
  return `"use strict"; const { points: $points } = require('${runtime}'); ${rewritten}`;
}

/** The words of each source. */
const sources = new Map();

class Rewriting {
  #code;
  #places;
  /** Where in the code the text of which source begins, as the bundler says it in comments. */
  #sources;
  /** The functions of the system that can be called by name at this place, with their own names. */
  #natives = new Map();
  #ancestors = [];

  constructor(code, comments, places) {
    this.#code = code;
    this.#places = places;
    this.#sources = comments
      .filter(({ type, value }) => type === 'Line' && /^ (src\/\S+\.ts|<\S+>|\w+:\S+)$/.test(value))
      .map(({ start, value }) => ({
        start,
        file: /^ src\/(\S+)$/.exec(value)?.[1],
      }));
  }

  /** The code of a node, with its points. */
  render(node) {
    const outer = this.#natives;
    if (/Function/.test(node.type)) this.#natives = new Map([...outer, ...nativesOf(node)]);
    this.#ancestors.push(node);
    const text = this.#rewrite(node) ?? this.#copy(node);
    this.#ancestors.pop();
    this.#natives = outer;
    return text;
  }

  #copy(node) {
    let text = '';
    let at = node.start;
    for (const child of childrenOf(node)) {
      // The name in `{ name }` stands for key and value.
      if (child.start < at) continue;
      text += this.#code.slice(at, child.start) + this.render(child);
      at = child.end;
    }
    return text + this.#code.slice(at, node.end);
  }

  #rewrite(node) {
    const file = this.#fileOf(node);
    if (file === undefined) return undefined;
    switch (node.type) {
      case 'Identifier':
        return node.name === 'Atomics' && !this.#isLookedUp()
          ? this.#refuse(node, 'uses Atomics in another way than by calls')
          : undefined;
      case 'ArrayPattern':
      case 'ObjectPattern':
        if (childrenOf(node).some((child) => child.type === 'MemberExpression' && child.computed)) {
          this.#refuse(node, 'stores by a pattern');
        }
        return undefined;
      case 'AssignmentExpression':
        return node.left.type === 'MemberExpression' && node.left.computed ? this.#assignment(node, file) : undefined;
      case 'UpdateExpression': {
        const { argument, operator, prefix } = node;
        if (argument.type !== 'MemberExpression' || !argument.computed) return undefined;
        const place = this.#element(argument, file);
        return prefix ? `${operator}${place}` : `${place}${operator}`;
      }
      case 'CallExpression':
        return this.#call(node, file);
      default:
        return undefined;
    }
  }

  #assignment({ left, operator, right }, file) {
    if (operator !== '=' || this.#isPrivate(left.object, file)) {
      return `${this.#element(left, file)} ${operator} ${this.#argument(right)}`;
    }
    const id = this.#point(file, `${this.#text(left.object)}[]`, 'store');
    return `$points.put(${id}, ${this.#list([left.object, left.property, right])})`;
  }

  /** An element that is about to be changed in another way than by `=`, or that is not shared. */
  #element({ object, property }, file) {
    return `${this.#written(object, file)}[${this.render(property)}]`;
  }

  #written(object, file) {
    if (this.#isPrivate(object, file)) return `$points.own(${this.#argument(object)})`;
    return `$points.of(${this.#point(file, `${this.#text(object)}[]`, 'store')}, ${this.#argument(object)})`;
  }

  #call(node, file) {
    const { callee, arguments: args } = node;
    if (callee.type === 'Identifier') return this.#plainCall(node, file);
    if (callee.type !== 'MemberExpression' || callee.computed) return undefined;
    const object = this.#text(callee.object);
    const method = callee.property.name;
    const rest = () => (args.length === 0 ? '' : `, ${this.#list(args)}`);
    if (object === 'Atomics') {
      if (reads.has(method)) return `Atomics.${method}(${this.#list(args)})`;
      if (!writes.has(method)) this.#refuse(node, `calls Atomics.${method}, which is not known`);
      return `$points.${method}(${this.#point(file, `Atomics.${method}`, 'store')}${rest()})`;
    }
    if (object === 'koffi' && method === 'errno') return '$points.errno(koffi)';
    // What others map is shared; the page that parking uses is this process's own.
    if (object === 'koffi' && method === 'view' && file === 'platform/linux.ts')
      return `$points.view(${this.#copy(node)})`;
    const isSystem =
      (object === 'fs' && /Sync$/.test(method)) ||
      (/^(kill|terminate)$/.test(method) && /#(process|thread)$/.test(object));
    if (isSystem) {
      return `$points.method(${this.#point(file, method, 'call')}, ${this.render(callee.object)}, '${method}'${rest()})`;
    }
    if (!isFill(callee, args)) return undefined;
    if (this.#isPrivate(callee.object, file) || isMap(callee, args)) {
      return `$points.own(${this.#argument(callee.object)}).${method}(${this.#list(args)})`;
    }
    const id = this.#point(file, `${object}.${method}()`, 'store');
    return `$points.fill(${id}, ${this.#argument(callee.object)}, '${method}'${rest()})`;
  }

  #plainCall({ callee, arguments: args }, file) {
    const isSpawn = /^spawn\d*$/.test(callee.name) && args.length > 0 && this.#text(args[0]) === 'process.execPath';
    const name = isSpawn ? 'spawn' : this.#natives.get(callee.name);
    if (name === undefined) return undefined;
    // One function of the system's that does two things here, of which only one can fail.
    const what = name === 'futex' ? this.#functionName() : name;
    const id = this.#point(file, what, 'call');
    return `$points.call(${[id, `'${what}'`, callee.name, ...args.map((arg) => this.#argument(arg))].join(', ')})`;
  }

  /** True for `'name' in Atomics`, which asks what this Node has. */
  #isLookedUp() {
    const outer = this.#ancestors.at(-2);
    return outer.type === 'BinaryExpression' && outer.operator === 'in';
  }

  /** True if what is written into is known not to be shared. */
  #isPrivate(object, file) {
    if (privateFolders.some((folder) => file.startsWith(`${folder}/`))) return true;
    const text = this.#text(object);
    if (privateStores[file]?.includes(text)) return true;
    // Such an array has just been made here.
    return object.type === 'NewExpression' && !/heap|view/.test(text);
  }

  #point(file, what, kind) {
    return this.#places.push({ file, in: this.#functionName(), what, kind }) - 1;
  }

  #list(nodes) {
    return nodes.map((node) => this.#argument(node)).join(', ');
  }

  #argument(node) {
    const text = this.render(node);
    return node.type === 'SequenceExpression' ? `(${text})` : text;
  }

  /** As in the source: the bundler adds numbers to names that it finds twice. */
  #text(node) {
    return this.#code.slice(node.start, node.end).replace(/([a-z])\d+\b/g, '$1');
  }

  #fileOf(node) {
    return this.#sources.findLast(({ start }) => start <= node.start)?.file;
  }

  /** The function that this place is in, by the name that a reader of the source looks for. */
  #functionName() {
    for (let i = this.#ancestors.length - 1; i >= 0; i--) {
      const node = this.#ancestors[i];
      const outer = this.#ancestors[i - 1];
      const isFunction = /^(Arrow)?Function/.test(node.type);
      if (node.type === 'FunctionDeclaration') return this.#nameInSource(node.id);
      if (!isFunction) continue;
      if (/^(MethodDefinition|Property|PropertyDefinition)$/.test(outer?.type))
        return this.#code.slice(outer.key.start, outer.key.end);
      const isInner = this.#ancestors.slice(0, i).some((each) => /Function/.test(each.type));
      if (isInner) continue;
      if (outer?.type === 'VariableDeclarator') return this.#nameInSource(outer.id);
      const call = this.#ancestors.findLast((each, at) => at < i && each.type === 'CallExpression');
      if (call !== undefined) return this.#text(call.callee);
    }
    const outer = this.#ancestors.findLast(({ type }) => /Class/.test(type));
    return outer === undefined ? '' : (outer.id?.name ?? 'class');
  }

  /** The bundler adds a number to a name that it finds twice. */
  #nameInSource({ name, start }) {
    const file = this.#fileOf({ start });
    if (file === undefined) return name;
    if (!sources.has(file)) sources.set(file, new Set(readFileSync(`src/${file}`, 'utf8').match(/[\w$]+/g)));
    return sources.get(file).has(name) ? name : name.replace(/\d+$/, '');
  }

  #refuse(node, what) {
    throw new Error(`${this.#fileOf(node)} ${what}: scripts/instrument.mjs must learn of it: ${this.#text(node)}`);
  }
}

/** True for what may write many elements at once. */
function isFill({ property: { name, type } }, args) {
  return type === 'Identifier' && fills.test(name) && (name !== 'set' || args.length === 1 || args.length === 2);
}

/** True for the `set` of what is called as no array is called here. */
function isMap({ object, property: { name } }, args) {
  const called = object.property ?? object.callee?.property ?? object;
  return name === 'set' && args.length === 2 && !/^#?(bytes|words|octets|slot|to|view|subarray)\d*$/.test(called.name);
}

/** The system's functions that a function declares for its own use: `const name = func('int name(int fd)')`. */
function nativesOf({ body }) {
  const found = new Map();
  if (body.type !== 'BlockStatement') return found;
  for (const { type, declarations } of body.body) {
    if (type !== 'VariableDeclaration') continue;
    for (const { id, init } of declarations) {
      if (init?.type !== 'CallExpression') continue;
      const { callee, arguments: args } = init;
      const isFunc = callee.name === 'func' || callee.property?.name === 'func';
      const declared = isFunc && /(\w+)\(/.exec(args[0]?.value ?? '')?.[1];
      // `syscall` says nothing: what it is called here does.
      if (declared) found.set(id.name, declared === 'syscall' ? id.name.replace(/\d+$/, '') : declared);
    }
  }
  return found;
}

/** The nodes right below this one, in the order of the code. */
function childrenOf(node) {
  return Object.values(node)
    .flat()
    .filter((child) => typeof child?.type === 'string')
    .sort((a, b) => a.start - b.start);
}
