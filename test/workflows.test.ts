// The workflows for systems that are not here, and .ci/run, call what this repository has: a wrong name would show only where they run.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL(import.meta.url.includes('/build/test/') ? '../../' : '../', import.meta.url));
const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { scripts: Record<string, string> };
const elsewhere = 'test/elsewhere/run.mjs';

/** A job of a workflow: its commands as they are run, once for each choice of its matrix, and the systems that it runs on. */
interface Job {
  readonly name: string;
  readonly commands: readonly string[];
  readonly systems: readonly string[];
  readonly text: string;
}

/** The jobs of a workflow. Made for what this repository writes: two spaces a step, lists of a matrix in one line, commands of one line. */
function jobsOf(workflow: string): Job[] {
  const [, jobs = ''] = workflow.split(/^jobs:\n/m);
  return jobs
    .replace(/^ *#.*\n/gm, '')
    .split(/^ {2}(?=[\w-]+:$)/m)
    .filter((text) => text.trim() !== '')
    .map((text) => {
      const lists = [...text.matchAll(/^ +(\w+): \[(.*)\]$/gm)].map(([, name, list]) => [name, list!.split(/,\s*/)]);
      const matrix = Object.fromEntries(lists) as Record<string, string[]>;
      const valuesOf = (pattern: RegExp): string[] =>
        [...text.matchAll(pattern)].flatMap(([, value]) => expanded(value!, matrix));
      return {
        name: text.slice(0, text.indexOf(':')),
        commands: valuesOf(/^ +- run: (.*)$/gm),
        systems: [...valuesOf(/^ +runs-on: (.*)$/gm), ...valuesOf(/^ +container: (.*)$/gm)],
        text,
      };
    });
}

function expanded(value: string, matrix: Readonly<Record<string, readonly string[]>>): string[] {
  const [all, name] = /\$\{\{ matrix\.(\w+) \}\}/.exec(value) ?? [];
  if (all === undefined) return [value];
  assert.ok(matrix[name!], `the matrix has no list ${name}`);
  return matrix[name!]!.map((each) => value.replace(all, each));
}

/** What is wrong with a command; `undefined` if there is nothing. */
function problemWith(command: string): string | undefined {
  const [program, first = '', second = ''] = command.split(' ');
  if (program === 'npm') {
    const script = first === 'run' ? second : first;
    if (script === 'ci' || scripts[script] !== undefined) return undefined;
    return `there is no script ${script}`;
  }
  if (program !== 'node') return 'neither npm nor node';
  if (!existsSync(root + sourceOf(first))) return `there is no file ${first}`;
  if (first === elsewhere && !runtimes().includes(second)) return `${elsewhere} knows no ${second}`;
  return undefined;
}

/** A file of build/ by the file that it is compiled from: it need not be there. */
function sourceOf(file: string): string {
  const source = file.replace(/^(?:build\/disturbed\/)?build\//, '');
  return source === file ? file : source.replace(/\.js$/, '.ts');
}

let known: readonly string[] | undefined;

/** What the script says that it can run. */
function runtimes(): readonly string[] {
  known ??= spawnSync(process.execPath, [root + elsewhere], { encoding: 'utf8' })
    .stderr.replace(/^Name one of |\.\n$/g, '')
    .split(', ');
  return known;
}

const folder = `${root}.github/workflows/`;
const jobs = readdirSync(folder).flatMap((name) => jobsOf(readFileSync(folder + name, 'utf8')));

test('every command of a workflow is there, and every script names files that are there', () => {
  const commands = jobs.flatMap((job) => job.commands);
  assert.ok(commands.length >= 10, String(commands.length));
  const ofScripts = Object.values(scripts).flatMap((script) => script.match(/\bnode \S+(?: \w+)?/g) ?? []);
  const ci = readFileSync(`${root}.ci/run`, 'utf8');
  const ofCi = [...ci.matchAll(/^(?:\w+=\w+ )?((?:npm|node) [^"$|;\n]+)$/gm)].map(([, command]) => command!);
  assert.ok(ofCi.length > 3, String(ofCi.length));
  const [, tried = ''] = /^for runtime in ([\w ]+);/m.exec(ci) ?? [];
  for (const name of tried.split(' ')) ofCi.push(`node ${elsewhere} ${name}`);
  for (const command of [...commands, ...ofScripts, ...ofCi]) assert.equal(problemWith(command), undefined, command);
});

test('the workflows run on macOS, on Windows, on Linux with both processors, and on Alpine', () => {
  const systems = jobs.flatMap((job) => job.systems);
  for (const system of [/^macos-\d+$/, /^windows-\d+$/, /^ubuntu-[\d.]+$/, /^ubuntu-.*-arm$/, /alpine/]) {
    assert.ok(
      systems.some((each) => system.test(each)),
      String(system),
    );
  }
});

test('what runs on Windows needs no shell of Unix, and a job has what it uses', () => {
  for (const { name, commands, systems, text } of jobs) {
    const isUnix = systems.every((system) => !system.startsWith('windows'));
    const usesTools = commands.some((command) => /^npm (?:run|test)/.test(command));
    // On Windows npm gives scripts to cmd.exe, which has no `NAME=value` before a program.
    assert.ok(isUnix || !usesTools, `${name} runs scripts of package.json on Windows`);
    assert.equal(usesTools, commands.includes('npm ci'), `${name} installs the tools that it uses, and no others`);
    if (commands.some((command) => command.includes(elsewhere))) {
      assert.match(text, /^ +needs: package$/m, `${name} waits for the package`);
      assert.match(text, /actions\/download-artifact/, `${name} takes the package`);
    }
  }
});

test('a command that is wrong is found', () => {
  const wrong = ['npm run tset', 'node test/elsewhere/rum.mjs node', `node ${elsewhere} winde`, 'bash x'];
  for (const command of wrong) assert.notEqual(problemWith(command), undefined, command);
  assert.equal(problemWith(`node ${elsewhere} wine`), undefined);
  assert.throws(() => jobsOf(`jobs:\n  a:\n    runs-on: x\n    steps:\n      - run: node \${{ matrix.oops }}\n`));
});
