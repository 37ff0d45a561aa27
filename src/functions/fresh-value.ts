/** What the text of an expression says of the object that it makes: which parts of it nobody else can have. */
import type {
  AnyNode,
  ArrowFunctionExpression,
  CallExpression,
  FunctionExpression,
  Identifier,
  ObjectExpression,
} from 'acorn';
import { EACH, type Path } from './paths.ts';
import { type Binding, firstValueOf } from './scopes.ts';
import { childrenOf } from './syntax.ts';

/** What a name means where it stands; null for a global one. */
type BindingOf = (identifier: Identifier) => Binding | null | undefined;

const typedArray = /^(Big)?(Int|Uint|Float)\d+(Clamped)?Array$/;
const isPrimitive = /^(Literal|TemplateLiteral|UnaryExpression|UpdateExpression|BinaryExpression)$/;

/**
 * Returns where an expression puts what it does not make itself. All else in its value are primitives, and plain objects, arrays and typed arrays
 * that were made for it and are known to nobody. So what stands at these places, and nothing else, may be known elsewhere.
 */
export function unknownParts(node: AnyNode, bindingOf: BindingOf): Path[] {
  const parts: Path[] = [];
  look(node, []);
  return parts;

  function look(node: AnyNode, path: Path): void {
    switch (node.type) {
      case 'Literal':
        if ('regex' in node) parts.push(path);
        return;
      case 'ConditionalExpression':
        look(node.consequent, path);
        look(node.alternate, path);
        return;
      case 'ArrayExpression': {
        const hasSpread = node.elements.some((element) => element?.type === 'SpreadElement');
        for (const [i, element] of node.elements.entries()) {
          const inside: Path = [...path, hasSpread ? EACH : String(i)];
          if (element?.type === 'SpreadElement') parts.push(inside);
          else if (element) look(element, inside);
        }
        return;
      }
      case 'ObjectExpression':
        lookAtProperties(node, path);
        return;
      case 'CallExpression':
        if (!lookAtCall(node, path)) parts.push(path);
        return;
      case 'NewExpression':
        if (!isNumbers(node)) parts.push(path);
        return;
      default:
        if (!isPrimitive.test(node.type)) parts.push(path);
    }
  }

  function lookAtProperties({ properties }: ObjectExpression, path: Path): void {
    for (const property of properties) {
      if (property.type === 'SpreadElement') parts.push([...path, EACH]);
      else {
        const { key, computed, kind, method, shorthand, value } = property;
        const name = key.type === 'Identifier' ? key.name : key.type === 'Literal' ? String(key.value) : undefined;
        const setsPrototype = name === '__proto__' && !computed && !shorthand;
        if (kind !== 'init' || method || setsPrototype) parts.push(path);
        else look(value, [...path, computed || name === undefined ? EACH : name]);
      }
    }
  }

  /** Looks at a call. Returns false if it is none that is known here. */
  function lookAtCall(node: CallExpression, path: Path): boolean {
    const { callee, arguments: args } = node;
    const elements: Path = [...path, EACH];
    switch (globalMember(callee)) {
      case 'Object.freeze':
        if (args[0] && args[0].type !== 'SpreadElement') look(args[0], path);
        return args[0]?.type !== 'SpreadElement';
      case 'JSON.parse':
        return args.length === 1 && args[0]?.type !== 'SpreadElement';
      case 'Object.keys':
        return true;
      case 'Object.values':
      case 'Object.entries':
        parts.push(elements);
        return true;
      case 'Array.from':
        return args.length < 2 ? parts.push(elements) > 0 : lookAtResults(args[1], elements);
    }
    if (callee.type !== 'MemberExpression' || callee.computed || callee.property.type !== 'Identifier') return false;
    if (callee.property.name === 'map') return isArray(callee.object) && lookAtResults(args[0], elements);
    // Numbers that are filled are the same numbers.
    return callee.property.name === 'fill' && isNumbers(callee.object);
  }

  /** Looks at what a function returns that is called for each element. Returns false if that is not known. */
  function lookAtResults(fn: AnyNode | undefined, path: Path): boolean {
    if (fn?.type !== 'ArrowFunctionExpression' && fn?.type !== 'FunctionExpression') return false;
    if (fn.async || fn.generator) return false;
    for (const result of resultsOf(fn)) look(result, path);
    return true;
  }

  /** Returns true if it is an array for certain. */
  function isArray(node: AnyNode): boolean {
    if (node.type === 'ArrayExpression') return true;
    if (node.type !== 'CallExpression') return false;
    const { callee } = node;
    if (/^(Array\.from|Object\.(keys|values|entries))$/.test(globalMember(callee) ?? '')) return true;
    if (callee.type !== 'MemberExpression' || callee.computed || callee.property.type !== 'Identifier') return false;
    return callee.property.name === 'map' && isArray(callee.object);
  }

  /** Recognizes a new typed array of a given length, with memory of its own. */
  function isNumbers(node: AnyNode): boolean {
    if (node.type !== 'NewExpression' || node.callee.type !== 'Identifier' || node.arguments.length > 1) return false;
    const [length] = node.arguments;
    if (length && length.type !== 'ArrayExpression' && !isNumber(length)) return false;
    return typedArray.test(node.callee.name) && bindingOf(node.callee) === null;
  }

  function isNumber(node: AnyNode): boolean {
    if (node.type !== 'Identifier') return isPrimitive.test(node.type);
    const binding = bindingOf(node);
    return binding?.kind === 'const' && !binding.assigned && isPrimitive.test(firstValueOf(binding)?.type ?? '');
  }

  function globalMember(callee: AnyNode): string | undefined {
    if (callee.type !== 'MemberExpression' || callee.computed || callee.object.type !== 'Identifier') return undefined;
    if (callee.property.type !== 'Identifier' || bindingOf(callee.object) !== null) return undefined;
    return `${callee.object.name}.${callee.property.name}`;
  }
}

/** Returns the expressions of which a function returns one. */
function resultsOf({ body }: ArrowFunctionExpression | FunctionExpression): AnyNode[] {
  return body.type === 'BlockStatement' ? resultsIn(body) : [body];
}

function resultsIn(node: AnyNode): AnyNode[] {
  if (/Function|^Class/.test(node.type)) return [];
  if (node.type === 'ReturnStatement') return node.argument ? [node.argument] : [];
  return childrenOf(node).flatMap(resultsIn);
}
