// Reads the declarations that are published, as an editor shows them: every public name and member has a text that stands alone.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(
  new URL(import.meta.url.includes('/build/test/') ? '../../dist/' : '../dist/', import.meta.url),
);

/** What is declared under one name: its first line, its text, and its members. */
interface Declaration {
  readonly file: string;
  readonly name: string;
  readonly head: string;
  readonly text: string | undefined;
  readonly members: readonly Member[];
}

interface Member {
  readonly name: string;
  readonly code: string;
  readonly text: string | undefined;
}

const modifiers = 'export|declare|default|abstract|static|readonly|protected|private|async|get|set';
const topLevel = new RegExp(`^(?:(?:${modifiers}) )*(?:class|interface|function|const|let|type|enum|namespace) (\\w+)`);
const memberStart = new RegExp(
  `^ {4}((?:(?:${modifiers}) )*)((?:\\[[^\\]]*\\]|[#\\w$]+|(?=[(<])|new (?=\\()|(?=new <)))`,
);

/** What a declaration file declares; made for what `tsc` writes, which indents by four and gives each member a line. */
function declarationsOf(file: string, source: string): Declaration[] {
  const found: { name: string; head: string; text: string | undefined; members: Member[] }[] = [];
  let text: string | undefined;
  let comment: string[] | undefined;
  let isInside = false;
  for (const line of source.split('\n')) {
    if (comment !== undefined || /^( {4})?\/\*\*/.test(line)) {
      comment ??= [];
      comment.push(
        line
          .replace(/^\s*(\/\*\*|\*\/|\*)?/, '')
          .replace(/\*\/\s*$/, '')
          .trim(),
      );
      if (line.includes('*/')) {
        text = comment.join('\n').trim();
        comment = undefined;
      }
      continue;
    }
    const top = topLevel.exec(line);
    if (top !== null) {
      found.push({ name: top[1]!, head: line, text, members: [] });
      text = undefined;
      isInside = line.endsWith('{') && !/^(export )?(declare )?(function|const|let)/.test(line);
    } else if (isInside) {
      const member = memberStart.exec(line);
      if (member !== null) {
        const name = member[2] === '' ? '()' : member[2]!;
        if (!/\bprivate\b/.test(member[1]!) && name !== '#private')
          found.at(-1)!.members.push({ name, code: line.trim(), text });
        text = undefined;
      }
    }
  }
  return found.map((each) => ({ file, ...each }));
}

const files = new Map(
  readdirSync(dist, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.d.ts'))
    .map((name) => [name.replaceAll('\\', '/'), readFileSync(dist + name, 'utf8')] as const),
);
const declared = new Map([...files].map(([file, source]) => [file, declarationsOf(file, source)]));

/** Where the names of a file come from that it imports or hands on. */
function namesFrom(file: string, word: 'import' | 'export'): Map<string, { name: string; file: string }> {
  const names = new Map<string, { name: string; file: string }>();
  const pattern = new RegExp(`^${word} (?:type )?\\{([^}]*)\\} from ['"](\\.[^'"]*)['"]`, 'gm');
  for (const [, list, from] of files.get(file)!.matchAll(pattern)) {
    const target = posix.join(posix.dirname(file), from!.replace(/\.[jt]s$/, '.d.ts'));
    for (const each of list!.split(',')) {
      const [name, as = name] = each
        .trim()
        .replace(/^type /, '')
        .split(' as ');
      if (name) names.set(as!, { name, file: target });
    }
  }
  return names;
}

/** All declarations behind a name: overloads, and what a class or an interface extends or implements. */
function declarationsBehind(name: string, file: string, seen = new Set<string>()): Declaration[] {
  if (seen.has(`${file} ${name}`)) return [];
  seen.add(`${file} ${name}`);
  const own = declared.get(file)!.filter((each) => each.name === name);
  const bases = own.flatMap(({ head }) => {
    const extended =
      /^(?:export |declare |abstract )*(?:class|interface) .*? (?:extends|implements) (.*) \{/
        .exec(head)?.[1]
        ?.match(/\b[A-Z]\w+/g) ?? [];
    return extended.flatMap((base) => {
      const from = namesFrom(file, 'import').get(base) ?? { name: base, file };
      return files.has(from.file) ? declarationsBehind(from.name, from.file, seen) : [];
    });
  });
  return [...own, ...bases];
}

const doors = ['public-names', 'queue', 'connection', 'shared-memory', 'managers', 'cluster'].map(
  (door) => `doors/${door}.d.ts`,
);
/** By declaration: the members of what it extends, whose texts an editor shows where it has none of its own. */
const inherited = new Map<Declaration, readonly Member[]>();
for (const door of doors) {
  for (const { name, file } of namesFrom(door, 'export').values()) {
    const behind = declarationsBehind(name, file);
    assert.ok(behind.length > 0, `${door} exports ${name}, which ${file} does not declare`);
    for (const each of behind) {
      const above = declarationsBehind(each.name, each.file).filter((other) => other.name !== each.name);
      inherited.set(
        each,
        above.flatMap(({ members }) => members),
      );
    }
  }
}
const declarations = [...inherited.keys()];

/** What is wrong with a text; it must say something, and not count on the text of its neighbour. */
function problemOf(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return 'has no text';
  if (/^(The same|As above|Likewise|Ditto|See above)\b/i.test(text))
    return `counts on another text: ${text.split('\n')[0]}`;
  return undefined;
}

/** What needs no text: what Node calls, what a mapped type has, a setter beside its getter, and a constructor, for which an editor shows the text of the class. */
function needsNone({ name, code }: Member): boolean {
  return (
    /^\[(Symbol\.(for\(|hasInstance\])|\w+ in )/.test(name) ||
    /^set /.test(code) ||
    /^(protected )?constructor\(/.test(code)
  );
}

test('the reader of declarations finds names, members and texts', () => {
  const source = `/** A class. */
export declare class A<T> extends B<T> {
    #private;
    /** Makes it. */
    constructor(x: number);
    put(x: {
        y: number;
    }): void;
    /** The same. */
    static readonly z: 1;
    get w(): number;
    [Symbol.asyncIterator](): AsyncIterator<T>;
    private q;
}
export type C = {
    x: 1;
};
`;
  const [a, c] = declarationsOf('a.d.ts', source);
  assert.equal(a!.text, 'A class.');
  const names = a!.members.map(({ name, text }) => [name, problemOf(text)]);
  assert.deepEqual(names, [
    ['constructor', undefined],
    ['put', 'has no text'],
    ['z', 'counts on another text: The same.'],
    ['w', 'has no text'],
    ['[Symbol.asyncIterator]', 'has no text'],
  ]);
  assert.equal(problemOf(c!.text), 'has no text');
});

test('every public name has a text that stands alone', () => {
  assert.ok(declarations.length > 100, String(declarations.length));
  const problems = declarations.flatMap(({ file, name, text }) => {
    const problem = problemOf(text);
    return problem === undefined ? [] : [`${file}: ${name} ${problem}`];
  });
  assert.deepEqual(problems, []);
});

test('every member of a public name has a text that stands alone', () => {
  const problems = declarations.flatMap((declaration) =>
    declaration.members.flatMap((member) => {
      if (member.text === undefined && needsNone(member)) return [];
      const above = inherited.get(declaration)!.find(({ name, text }) => name === member.name && text !== undefined);
      const problem = problemOf(member.text ?? above?.text);
      return problem === undefined ? [] : [`${declaration.file}: ${declaration.name}.${member.name} ${problem}`];
    }),
  );
  assert.deepEqual(problems, []);
});

test('an option that may be missing may be undefined', () => {
  // Under `exactOptionalPropertyTypes` else no program can hand on an option that it may not have itself.
  const problems = declarations.flatMap(({ file, head, name, members }) =>
    /\b(interface|type)\b/.test(head)
      ? members
          .filter(({ code }) => /^(readonly )?\w+\?: /.test(code) && code.endsWith(';') && !/\bundefined;$/.test(code))
          .map((member) => `${file}: ${name}.${member.name}`)
      : [],
  );
  assert.deepEqual(problems, []);
});
