/** What a program does with the data that a constant holds, by its text: whether it only reads primitives from it, and where. */
import type { AnyNode, CallExpression, Expression, Pattern } from 'acorn';
import { exportsOf } from './module-references.ts';
import { EACH, ELEMENT, type Path } from './paths.ts';
import type { Binding, Reference } from './scopes.ts';
import type { Script } from './script.ts';
import { childrenOf } from './syntax.ts';

/** Where an expression may be put that is a primitive: places that do not assign to it. Others are not known to be harmless. */
const reading: Readonly<Record<string, readonly string[]>> = {
  ArrayExpression: ['elements'],
  ArrowFunctionExpression: ['body'],
  AssignmentExpression: ['right'],
  AssignmentPattern: ['right'],
  AwaitExpression: ['argument'],
  BinaryExpression: ['left'],
  CallExpression: ['arguments'],
  ExpressionStatement: ['expression'],
  ForOfStatement: ['right'],
  ForStatement: ['init', 'test', 'update'],
  MemberExpression: ['property'],
  NewExpression: ['arguments'],
  Property: ['key', 'value'],
  PropertyDefinition: ['value'],
  ReturnStatement: ['argument'],
  SequenceExpression: ['expressions'],
  SwitchCase: ['test'],
  SwitchStatement: ['discriminant'],
  ThrowStatement: ['argument'],
  VariableDeclarator: ['init'],
  YieldExpression: ['argument'],
};

/** Methods of arrays that give the array, and what is in it, to nobody but the function that they are given, by the index of its parameter for elements. */
const callbackAt: Readonly<Record<string, number>> = {
  every: 0,
  filter: 0,
  find: 0,
  findIndex: 0,
  findLast: 0,
  findLastIndex: 0,
  forEach: 0,
  map: 0,
  reduce: 1,
  some: 0,
};
const searches = new Set(['hasOwnProperty', 'includes', 'indexOf', 'lastIndexOf']);
const answersElement = new Set(['at', 'find', 'findLast']);
const answersArray = new Set(['filter', 'slice']);

/** The methods of arrays and objects that are known here. */
const knownMethods = [...Object.keys(callbackAt), ...searches, ...answersElement, ...answersArray];

/**
 * Returns the paths at which the program reads values from what a constant holds, and may give them to others; `undefined` if it does anything else
 * with it. Where primitives stand at all of them, nobody else has got an object of the data, and nothing has changed it.
 */
export function pathsRead(script: Script, root: Binding): Path[] | undefined {
  const { program, references } = script.scopes;
  // An `eval` sees everything.
  if (program.dynamic) return undefined;
  const exported = new Set(exportsOf(script).map(([, local]) => local));
  const paths: Path[] = [];
  const followed = new Set<Binding>();
  return !exported.has(root.name) && follow(root, []) ? paths : undefined;

  /** Returns true if a variable that holds what stands at a path is only read. */
  function follow(binding: Binding, path: Path): boolean {
    // Variables that are made of each other are none that could be initialised.
    if (binding.assigned || followed.has(binding)) return false;
    followed.add(binding);
    const isOnlyRead = references.every((reference) => reference.binding !== binding || isRead(reference, path));
    followed.delete(binding);
    return isOnlyRead;
  }

  function isRead(reference: Reference, path: Path): boolean {
    const line = lineTo(script.program, reference);
    return line.at(-1)?.type === 'Identifier' && use(line, line.length - 1, path);
  }

  /** Looks at what is done with `line[at]`, which holds what stands at a path. Returns false if it may be more than reading. */
  function use(line: readonly AnyNode[], at: number, path: Path): boolean {
    const node = line[at] as AnyNode;
    const parent = line[at - 1] as AnyNode;
    const slot = slotOf(parent, node);
    switch (parent.type) {
      case 'ChainExpression':
        return use(line, at - 1, path);
      case 'MemberExpression':
        if (slot === 'object') return useMember(line, at - 1, path);
        break;
      case 'UnaryExpression':
        if (parent.operator === 'delete') return false;
        return parent.operator === '!' || parent.operator === 'typeof' || coerced(path);
      case 'BinaryExpression':
        if (/^[!=]==$/.test(parent.operator) || (parent.operator === 'in' && slot === 'right')) return true;
        if (parent.operator !== 'in' && parent.operator !== 'instanceof') return coerced(path);
        break;
      case 'TemplateLiteral':
        return line[at - 2]?.type === 'TaggedTemplateExpression' ? value(path) : coerced(path);
      case 'LogicalExpression':
        // Of the left side of `&&` only what is falsy goes on.
        return (parent.operator === '&&' && slot === 'left') || use(line, at - 1, path);
      case 'ConditionalExpression':
        return slot === 'test' || use(line, at - 1, path);
      case 'IfStatement':
      case 'WhileStatement':
      case 'DoWhileStatement':
        return slot === 'test';
      case 'ForInStatement':
        return slot === 'right';
      case 'ForOfStatement':
        if (slot === 'right' && !parent.await) return declares(parent.left, undefined, [...path, ELEMENT]);
        break;
      case 'ExpressionStatement':
        // Of a script that is evaluated the last one is the result.
        return script.isModule || line.some(({ type }) => type.includes('Function')) || value(path);
      case 'SpreadElement':
        return value([...path, EACH]);
      case 'VariableDeclarator':
        if (slot === 'init') return declares(line[at - 2] as AnyNode, parent, path);
        break;
      case 'Property':
        if (line[at - 2]?.type !== 'ObjectExpression') return false;
        break;
    }
    return (reading[parent.type]?.includes(slot) ?? false) && value(path);
  }

  function value(path: Path): boolean {
    paths.push(path);
    return true;
  }

  /** Notes that arithmetic or a text makes a primitive of whatever stands at a path. */
  function coerced(path: Path): boolean {
    return value(path.at(-1) === EACH ? [...path.slice(0, -1), ELEMENT] : path);
  }

  /** Looks at what is done with a member, `line[at]`, of what stands at a path. */
  function useMember(line: readonly AnyNode[], at: number, path: Path): boolean {
    const node = line[at] as AnyNode;
    const parent = line[at - 1] as AnyNode;
    if (node.type !== 'MemberExpression' || node.property.type === 'PrivateIdentifier') return false;
    if (parent.type === 'TaggedTemplateExpression' && parent.tag === node) return false;
    const name = keyOf(node);
    if (parent.type === 'CallExpression' && parent.callee === node) return useMethod(line, at - 1, path, name);
    return use(line, at, [...path, name]);
  }

  /** Looks at the call `line[at]` of a method of what stands at a path. */
  function useMethod(line: readonly AnyNode[], at: number, path: Path, name: Path[number]): boolean {
    // A method of a primitive is given nothing of the data.
    if (typeof name !== 'string' || !knownMethods.includes(name)) return value(path);
    const elements: Path = [...path, ELEMENT];
    if (Object.hasOwn(callbackAt, name) && !callsBack(line[at] as CallExpression, name, elements)) return false;
    if (answersElement.has(name)) return use(line, at, elements);
    return answersArray.has(name) ? use(line, at, path) : true;
  }

  /** Returns true if the function that is given to a method does no more than read what it is called with. */
  function callsBack({ arguments: args }: CallExpression, name: string, elements: Path): boolean {
    const [fn] = args;
    const at = callbackAt[name] as number;
    // Without an initial value, `reduce` begins with an element. The last parameter would be the array.
    if (fn?.type !== 'ArrowFunctionExpression' || args.length !== at + 1 || fn.params.length > at + 2) return false;
    if (fn.params.some(({ type }) => type === 'RestElement')) return false;
    const parameter = fn.params[at];
    return parameter === undefined || takes(parameter, elements, (binding) => binding.scope.node === fn);
  }

  /** Looks at what is done with the variables of a declaration, or of one of its declarators, that take what stands at a path. */
  function declares(node: AnyNode, only: AnyNode | undefined, path: Path): boolean {
    if (node.type !== 'VariableDeclaration') return false;
    const isFollowed = node.kind === 'const' || node.kind === 'let';
    return node.declarations.every((one) => {
      if (only !== undefined && one !== only) return true;
      if (!isFollowed) return one.id.type === 'Identifier' && value(path);
      return takes(one.id, path, (binding) => binding.declaration === one);
    });
  }

  /** Looks at what is done with the variables that a pattern makes of what stands at a path. */
  function takes(pattern: Pattern, path: Path, isOwn: (binding: Binding) => boolean): boolean {
    switch (pattern.type) {
      case 'Identifier': {
        const { binding } =
          references.find(({ name, binding }) => name === pattern.name && binding !== null && isOwn(binding)) ?? {};
        if (exported.has(pattern.name) || binding?.assigned) return value(path);
        return !binding || follow(binding, path);
      }
      case 'AssignmentPattern':
        return takes(pattern.left, path, isOwn);
      case 'ArrayPattern':
        return pattern.elements.every((one) => one === null || takes(one, [...path, ELEMENT], isOwn));
      case 'ObjectPattern':
        return pattern.properties.every((one) =>
          one.type === 'RestElement' ? value([...path, EACH]) : takes(one.value, [...path, keyOf(one)], isOwn),
        );
      default:
        return false;
    }
  }
}

function keyOf(node: { computed: boolean; key?: Expression | AnyNode; property?: AnyNode }): Path[number] {
  const key = node.key ?? node.property;
  if (key?.type === 'Literal') return String(key.value);
  return !node.computed && key?.type === 'Identifier' ? key.name : EACH;
}

/** Returns the nodes around a name, from the program to the name itself. */
function lineTo(program: AnyNode, { start, end }: Reference): AnyNode[] {
  const line: AnyNode[] = [];
  for (let node: AnyNode | undefined = program; node !== undefined; ) {
    line.push(node);
    node = childrenOf(node).find((child) => child.start <= start && end <= child.end);
  }
  return line;
}

function slotOf(parent: AnyNode, child: AnyNode): string {
  for (const [name, value] of Object.entries(parent)) {
    if (value === child || (Array.isArray(value) && value.includes(child))) return name;
  }
  return '';
}
