// Tries the packed package in other people's tools: `npm run test:environments`, or `npm run test:environments -- vitest` for those
// whose name holds the word. Each is installed in a temporary folder, which is kept for a day. Prints a row of a table as each ends, with its
// seconds, and ends with 1 if something is not as environments.mjs says.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import { environments } from './environments.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const scratch = join(tmpdir(), `multiproc-environments-${new Date().toISOString().slice(0, 10)}`);
const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const quick = process.argv.includes('--quick');
const verbose = process.argv.includes('--verbose');
mkdirSync(scratch, { recursive: true });
const tarball = join(scratch, JSON.parse(output('npm', ['pack', '--json', '--pack-destination', scratch]))[0].filename);

const { dependencies, optionalDependencies } = JSON.parse(readFileSync(resolve(here, '../../package.json'), 'utf8'));

const width = Math.max(
  ...environments.flatMap(({ name, variants }) => variants.map((variant) => `${name} ${variant.name}`.length)),
);
let areGood = true;
for (const environment of environments) {
  const wanted = environment.variants.filter(
    (variant) =>
      (!quick || (environment.quick && variant.quick !== false)) &&
      words.every((word) => `${environment.name} ${variant.name}`.includes(word)),
  );
  if (wanted.length === 0) continue;
  let folder;
  const start = performance.now();
  try {
    folder = prepare(environment);
    console.log(`${environment.name.padEnd(width)}  installed${secondsSince(start)}`);
  } catch (error) {
    // Nothing is known of it then: that is neither good nor a defect of ours, and is said.
    areGood = false;
    for (const { name } of wanted)
      console.log(`${`${environment.name} ${name}`.padEnd(width)}  not tried: it could not be installed`);
    console.error(`--- ${environment.name}: ${error.message}`);
    continue;
  }
  for (const variant of wanted) {
    const start = performance.now();
    const { name, isGood, text } = tryOut(environment, variant, folder);
    areGood &&= isGood;
    console.log(`${name.padEnd(width)}  ${text}${secondsSince(start)}`);
  }
}
process.exit(areGood ? 0 : 1);

function secondsSince(start) {
  return `, ${Math.round((performance.now() - start) / 1000)} s`;
}

/** A folder with the tools and the package as a user gets it. */
function prepare({ name, install = [], manifest = {}, folder: from = name, node, adds, files = {}, isCompiled }) {
  const folder = join(scratch, name);
  if (adds !== undefined) return prepareBy(adds, { folder, install, files });
  const wanted = JSON.stringify([install, node, dependencies, optionalDependencies]);
  const installed = join(folder, 'installed');
  const isNew = !existsSync(installed) || readFileSync(installed, 'utf8') !== wanted;
  if (isNew) rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  if (isNew) {
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, ...manifest }));
    const packages = [...install, ...(node ? [`node-linux-${process.arch}@${node}`] : []), tarball];
    const options = ['install', '--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline', '--loglevel=error'];
    installPackages([...options, ...packages], folder, 3);
    writeFileSync(installed, wanted);
  } else {
    // As it is now; what it depends on is there.
    const target = join(folder, 'node_modules/multiproc');
    rmSync(target, { recursive: true });
    mkdirSync(target);
    output('tar', ['xzf', tarball, '-C', target, '--strip-components=1']);
  }
  if (isCompiled) compile(folder);
  else cpSync(join(here, 'program'), folder, { recursive: true });
  for (const each of [from].flat())
    if (existsSync(join(here, each))) cpSync(join(here, each), folder, { recursive: true });
  return folder;
}

/** Where the registry cannot be reached for a moment, the next try may. */
function installPackages(args, folder, tries) {
  const { status, stderr } = spawnSync('npm', args, {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status === 0) return;
  if (tries === 1) throw new Error(`npm could not install it: ${stderr}`);
  console.error(`npm ${args.join(' ')} failed, and is tried again: ${stderr}`);
  installPackages(args, folder, tries - 1);
}

/** The same by another package manager, which must print nothing that a user has to act on. The program is compiled: no tool but the package is there. */
function prepareBy(adds, { folder, install, files }) {
  const tool = `${folder} itself`;
  if (!existsSync(join(tool, 'node_modules'))) {
    mkdirSync(tool, { recursive: true });
    output('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', '--prefix', tool, ...install]);
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  write(folder, { 'package.json': { private: true, name: 'program' }, ...files });
  // What npm run tells its programs is not for another package manager.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')));
  // Yarn 1 takes a tarball of the same name for the same.
  env.YARN_CACHE_FOLDER = join(folder, 'cache');
  env.PATH = `${tool}/node_modules/.bin:${env.PATH}`;
  const { status, stdout, stderr } = spawnSync('bash', ['-ec', `${adds}${tarball}`], {
    cwd: folder,
    env,
    encoding: 'utf8',
  });
  // What is written of the machine's own settings, and Yarn of its loader of ES modules, concerns no package.
  const said = `${stdout}${stderr}`.replace(/^.*(Unknown user config|YN0092|Done with warnings).*$/gm, '');
  if (status !== 0 || /warn|script|approve|ignored/i.test(said))
    throw new Error(`${adds}${tarball} ended with ${status}\n${stdout}\n${stderr}`);
  compile(folder);
  return folder;
}

/** The program as JavaScript in both forms, with source maps. */
function compile(folder) {
  cpSync(join(here, 'program'), join(folder, 'source'), { recursive: true });
  for (const [format, end, to] of [
    ['cjs', '.cjs', 'commonjs'],
    ['esm', '.mjs', 'module'],
  ]) {
    mkdirSync(join(folder, to), { recursive: true });
    cpSync(join(here, 'program/extra.mjs'), join(folder, to, 'extra.mjs'));
    for (const name of ['lib', 'checks', 'main']) {
      const sourcefile = `../source/${name}.ts`;
      const text = readFileSync(join(here, `program/${name}.ts`), 'utf8').replace(/(from '\.\/\w+)'/g, `$1${end}'`);
      const options = { loader: 'ts', format, sourcemap: 'inline', sourcefile, platform: 'node', target: 'node20' };
      writeFileSync(join(folder, to, `${name}${end}`), transformSync(text, options).code);
    }
  }
}

function write(folder, files) {
  for (const [file, content] of Object.entries(files)) {
    writeFileSync(join(folder, file), typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  }
}

function tryOut(environment, variant, folder) {
  const name = `${environment.name} ${variant.name}`.trim();
  write(folder, { ...(environment.adds === undefined && environment.files), ...variant.files });
  const results = join(folder, 'results');
  rmSync(results, { force: true });
  const tools = environment.adds ? `${folder} itself/node_modules/.bin:` : '';
  const path = `${tools}${environment.node ? `${folder}/node_modules/node-linux-${process.arch}/bin:` : ''}${folder}/node_modules/.bin:${process.env.PATH}`;
  const env = { ...process.env, ...variant.env, PATH: path, CHECKS_OUT: results, NODE_ENV: '' };
  const { status, stdout, stderr } = spawnSync('bash', ['-ec', variant.command], {
    cwd: folder,
    env,
    encoding: 'utf8',
    timeout: 600_000,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const outcomes = existsSync(results)
    ? readFileSync(results, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    : [];
  const bad = outcomes.filter(([, outcome]) => outcome !== 'ok');
  const impossible = variant.fails ?? {};
  const words = { ...impossible, ...variant.mayFail };
  const unexpected = bad.filter(([check, outcome]) => !(check in words) || !words[check].test(outcome));
  // What works after all stands wrong in docs/environments.md.
  const working = Object.keys(impossible).filter((check) => !bad.some(([failed]) => failed === check));
  const total = variant.checks ?? 7;
  const isGood = unexpected.length + working.length === 0 && status === 0 && outcomes.length === total;
  if (verbose || !isGood) {
    for (const [check, outcome] of bad) console.error(`--- ${name}: ${check}\n${outcome}`);
    if (working.length > 0)
      console.error(`--- ${name}: works although it is listed as impossible: ${working.join(', ')}`);
    if (outcomes.length !== total || status !== 0)
      console.error(`--- ${name} ended with ${status}\n${stdout.slice(-3000)}\n${stderr.slice(-3000)}`);
  }
  const failed = bad.map(([check]) => check).join(', ');
  return {
    name,
    isGood,
    text: `${outcomes.length - bad.length} of ${total}${failed && `, not ${failed}`}${isGood ? '' : '  ← not as expected'}`,
  };
}

function output(command, args, options = {}) {
  return execFileSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: resolve(here, '../..'),
    ...options,
  });
}
