// Counts the files of src/ that a call passes: `node scripts/route.mjs` after a build. It rewrites a copy of dist/ so that each function
// notes its file, and runs two programs with the copy.
//
// put: the files whose functions run from `queue.put(1)` until the doorbell of another process is rung, whose event loop sleeps in `get()`. The
// call passes through a file if a function of the file calls another file. A file is entered twice if such a call comes back into the file.
// What runs after the wake-up, to settle the promise, is listed behind the rest.
// apply: the files of pool/ whose functions run, in the owner and in the worker, from `pool.apply(fn, [1])` until its promise resolves. The
// worker sleeps and has run the function before.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { parse } from 'acorn';

const folder = 'build/route';

/** Runs in each process of a program, before the library. */
const recorder = `
let calls;
const stack = [];
globalThis.$route = {
  start: () => void (calls = []),
  stop: () => calls.splice(0),
  note: (name) => void calls?.push([...stack, name]),
  in: (name) => (calls?.push([...stack, name]), void stack.push(name)),
  out: () => void stack.pop(),
  run: (name, fn) => { $route.in(name); try { return fn(); } finally { $route.out(); } },
};`;

const programs = {
  put: `
    import { Process, Queue } from './dist/multiproc.mjs';
    const queue = new Queue(10);
    const getter = new Process({ target: async () => { while ((await queue.get()) !== 0); } });
    getter.start();
    for (let i = 0; i < 5; i++) {
      await queue.put(1);
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    $route.start();
    const put = queue.put(1);
    const calls = $route.stop();
    await put;
    await queue.put(0);
    await getter.join();
    console.log(JSON.stringify(calls));`,
  apply: `
    import { Pool } from './dist/multiproc.mjs';
    const pool = new Pool(1);
    const fn = (x) => x + 1;
    const start = () => $route.start();
    const stop = () => $route.stop();
    for (let i = 0; i < 3; i++) {
      await pool.apply(start);
      for (let i = 0; i < 3; i++) await pool.apply(fn, [1]);
      await pool.apply(stop);
    }
    await pool.apply(start);
    await new Promise((resolve) => setTimeout(resolve, 300));
    $route.start();
    await pool.apply(fn, [1]);
    const owner = $route.stop();
    const worker = await pool.apply(stop);
    pool.close();
    await pool.join();
    console.log(JSON.stringify([...owner, ...worker]));`,
};

rmSync(folder, { recursive: true, force: true });
mkdirSync(`${folder}/dist`, { recursive: true });
for (const name of readdirSync('dist').filter((name) => /(\.[cm]?js|package\.json)$/.test(name))) {
  if (!/^multiproc-.*\.js$/.test(name)) copyFileSync(`dist/${name}`, `${folder}/dist/${name}`);
  else writeFileSync(`${folder}/dist/${name}`, noted(readFileSync(`dist/${name}`, 'utf8')));
}
copyFileSync('package.json', `${folder}/package.json`);
writeFileSync(`${folder}/recorder.cjs`, recorder);
const put = run('put');
const rung = put.findLastIndex((stack) => stack.at(-1) === 'platform/linux.ts ring') + 1;
if (rung === 0) throw new Error('The put has rung no doorbell.');
show('put', put.slice(0, rung));
const again = new Set(put.slice(0, rung).flatMap((stack) => reentered(stack.map(fileOf))));
console.log(`  entered twice: ${[...again].join(', ') || 'none'}`);
console.log(`  after the wake-up: ${[...new Set(put.slice(rung).map((stack) => fileOf(stack.at(-1))))].join(', ')}`);
show(
  'apply',
  run('apply').filter((stack) => fileOf(stack.at(-1)).startsWith('pool/')),
);

function run(name) {
  writeFileSync(`${folder}/${name}.mjs`, programs[name]);
  const env = { ...process.env, NODE_OPTIONS: `--require=${process.cwd()}/${folder}/recorder.cjs` };
  return JSON.parse(execFileSync(process.execPath, [`${folder}/${name}.mjs`], { env, encoding: 'utf8' }));
}

/** Prints the files in the order in which they are entered, with the functions that run in each. */
function show(title, calls) {
  const files = new Map();
  const passOn = new Set();
  for (const stack of calls) {
    const [file, name] = stack.at(-1).split(' ');
    files.set(file, (files.get(file) ?? new Set()).add(name));
    for (const below of stack.map(fileOf)) if (below !== file) passOn.add(below);
  }
  console.log(
    `${title}: ${files.size} files; it passes through ${[...files.keys()].filter((file) => passOn.has(file)).length} of them (→)`,
  );
  for (const [file, names] of files) console.log(`  ${passOn.has(file) ? '→' : ' '} ${file}: ${[...names].join(', ')}`);
}

function fileOf(call) {
  return call.split(' ')[0];
}

/** The files of a stack that stand on it again, above another file. */
function reentered(files) {
  const last = files.at(-1);
  return files.at(-2) !== last && files.includes(last, 0) && files.indexOf(last) < files.length - 1 ? [last] : [];
}

/** Returns the code with a note in each function. */
function noted(code) {
  const modules = [];
  const onComment = (_isBlock, text, start) => {
    const found = /^ (?:src\/)?(\S+\.ts|<\S+>|\w+:\S+)$/.exec(text);
    if (found !== null) modules.push({ start, file: text.startsWith(' src/') ? found[1] : undefined });
  };
  const tree = parse(code, { ecmaVersion: 'latest', sourceType: 'script', onComment });
  const edits = [];
  visit(tree, undefined);
  let text = '';
  let at = 0;
  for (const { place, added } of edits.sort((a, b) => a.place - b.place)) {
    text += code.slice(at, place) + added;
    at = place;
  }
  return text + code.slice(at);

  function visit(node, parent) {
    const file = modules.findLast(({ start }) => start < node.start)?.file;
    const isNoted = /Function/.test(node.type) && file !== undefined;
    const isExpression = isNoted && node.body.type !== 'BlockStatement';
    if (isNoted) {
      const name = JSON.stringify(`${file} ${nameOf(node, parent)}`);
      const once = node.async || node.generator;
      if (isExpression) {
        const before = once ? `($route.note(${name}), ` : `$route.run(${name}, () => (`;
        edits.push({ place: node.body.start, added: before });
      } else {
        const before = once ? ` $route.note(${name}); ` : ` $route.in(${name}); try { `;
        edits.push({ place: node.body.start + 1, added: before });
      }
      for (const child of childrenOf(node)) visit(child, node);
      if (isExpression) edits.push({ place: node.body.end, added: once ? ')' : '))' });
      else if (!once) edits.push({ place: node.body.end - 1, added: ' } finally { $route.out(); } ' });
      return;
    }
    for (const child of childrenOf(node)) visit(child, node);
  }
}

function nameOf(node, parent) {
  const named =
    node.id ?? parent?.key ?? parent?.id ?? (parent?.type === 'AssignmentExpression' ? parent.left : undefined);
  return named?.name ?? named?.property?.name ?? '(anonymous)';
}

function childrenOf(node) {
  return Object.values(node)
    .flat()
    .filter((value) => typeof value?.type === 'string');
}
