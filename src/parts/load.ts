/**
 * Loads the files of `dist/`, each once, with the code that V8 compiled of them in an earlier process. Only `dist/` has this:
 * the source is loaded by Node, module by module (docs/decisions/015-loaded-at-first-use.md).
 */
import { isMainThread } from '../engine/main-thread.ts';
import { fs } from '../engine/real-files.ts';
import { type Compiled, cachedCode, keepAtExit, keepsCode, renewAtExit } from './code-cache.ts';

/** The exports of the modules of a part, by their paths in src/. */
type Modules = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** A file of the library, and the code that was kept of it, in memory that threads share. */
interface Shared {
  readonly source: Uint8Array;
  readonly code: Uint8Array | undefined;
}

/** The files that a thread is given, by the names of the parts. */
type Given = Readonly<Record<string, Shared>>;

const { Script } = process.getBuiltinModule('node:vm');

/** Not in a main thread, which does not need it: it loads all streams, 2 ms. */
function threads(): typeof import('node:worker_threads') {
  return process.getBuiltinModule('node:worker_threads');
}

/** What a part exports: what others take of it by numbers, which scripts/parts.mjs gives, and all of it. */
interface Part {
  exported(number: number): unknown;
  modules(): Modules;
}

const loaded = new Map<string, Part>();
/** What they were compiled of, in a main thread. */
const sources = new Map<string, () => Buffer>();
/** What a process runs of the library is what its first part is for: the code of each is kept for itself. */
let first: string | undefined;

/** The files that this thread was given, and gives to the threads that it starts. */
let given = (isMainThread ? undefined : threads().workerData?.multiprocCode) as Given | undefined;
/** The parts that a thread runs. */
const ofThreads = ['child', 'main-member', 'member', 'queue', 'functions', 'worker', 'main', 'core'];

/** Returns the modules of a part; loads it at its first use. Throws what the part throws. */
export function part(name: string): Modules {
  return loadedPart(name).modules();
}

/** One thing that a part exports, likewise. */
export function take(name: string, number: number): unknown {
  return loadedPart(name).exported(number);
}

function loadedPart(name: string): Part {
  let found = loaded.get(name);
  if (found === undefined) loaded.set(name, (found = run(name)));
  return found;
}

/** Loads a package that is one CommonJS file. */
export function loadPackage(name: string): unknown {
  const filename = require.resolve(name);
  const module = { exports: {} };
  const { dirname } = process.getBuiltinModule('node:path');
  compile(filename, name, asModule)(module.exports, require, module, filename, dirname(filename));
  return module.exports;
}

/** See `CodeOfThreads` in process/code-of-threads.ts. */
export const codeOfThreads = {
  // If no code is kept, a thread can read the files itself.
  given: (): unknown => (keepsCode() ? (given ??= readForThreads()) : given),
  keep(sent: unknown): void {
    for (const { name, code } of sent as readonly { name: string; code: Uint8Array }[]) {
      const source = given?.[name]?.source;
      if (source === undefined) continue;
      keepAtExit({ role: 'thread', part: name, kept: undefined, source: () => source, code: () => code });
    }
  },
};

function run(name: string): Part {
  first ??= name;
  const filename = fileOf(name);
  const module = { exports: {} as Part };
  compile(filename, name, asItIs)(module.exports, require, module, filename, __dirname);
  return module.exports;
}

function fileOf(part: string): string {
  return `${__dirname}/multiproc-${part}.js`;
}

/** How the text of a file becomes a script whose value is a function. */
interface Reading {
  readonly encoding: 'latin1' | 'utf8';
  readonly before: string;
  readonly after: string;
}

/** A part is such a function, and ASCII: a text that is put together would be copied once more. */
const asItIs: Reading = { encoding: 'latin1', before: '', after: '' };
const asModule: Reading = {
  encoding: 'utf8',
  before: '(function (exports, require, module, __filename, __dirname) { ',
  after: '\n})',
};

type Run = (exports: object, require: NodeJS.Require, module: object, filename: string, folder: string) => void;

function compile(filename: string, name: string, reading: Reading): Run {
  return isMainThread ? compileKept(filename, name, reading) : compileGiven(filename, name, reading);
}

/** Memory that files are read into, one after the other: V8 copies what it is given, and fresh memory costs more than to read into it. */
let room: WeakRef<Buffer> | undefined;
const ROOM = 2 ** 20;

function roomFor(bytes: number): Buffer {
  if (bytes > ROOM) return Buffer.allocUnsafeSlow(bytes);
  let found = room?.deref();
  if (found === undefined) room = new WeakRef((found = Buffer.allocUnsafeSlow(ROOM)));
  return found.subarray(0, bytes);
}

/** Returns the bytes of a file, which hold until the next call of `roomFor`. */
function read(filename: string): Buffer {
  const fd = fs.openSync(filename, fs.constants.O_RDONLY);
  try {
    const { size } = fs.fstatSync(fd);
    const bytes = roomFor(size);
    let at = 0;
    while (at < size) {
      const length = fs.readSync(fd, bytes, at, size - at, at);
      if (length === 0) throw new Error(`${filename} was cut off while it was read.`);
      at += length;
    }
    return bytes;
  } finally {
    fs.closeSync(fd);
  }
}

function compileKept(filename: string, name: string, reading: Reading): Run {
  const bytes = read(filename);
  const role = first ?? name;
  const text = textOf(bytes, reading);
  const kept = cachedCode(role, name, bytes, roomFor);
  const script = scriptOf(filename, text, reading, kept?.code);
  const isRefused = script.cachedDataRejected === true;
  // V8 has the text in any case. The bytes, of the source and of the code, are freed.
  const source = () =>
    Buffer.from(text.slice(reading.before.length, text.length - reading.after.length), reading.encoding);
  sources.set(name, source);
  const compiled: Compiled = {
    role,
    part: name,
    kept: kept && !isRefused ? { bytes: kept.code.length, writtenAt: kept.writtenAt } : undefined,
    source,
    code: () => script.createCachedData(),
  };
  if (isRefused) renewAtExit(compiled, kept!.writtenAt);
  else keepAtExit(compiled);
  return script.runInThisContext() as Run;
}

/** Compiles a part in a thread. A thread that is ended while it has a file open leaves the file open for good, so this reads files only by single calls of Node. */
function compileGiven(filename: string, name: string, reading: Reading): Run {
  const { source, code } = given?.[name] ?? {};
  if (source === undefined) {
    const text = textOf(fs.readFileSync(filename), reading);
    return scriptOf(filename, text, reading, undefined).runInThisContext() as Run;
  }
  const { buffer, byteOffset, length } = source;
  const script = scriptOf(filename, textOf(Buffer.from(buffer, byteOffset, length), reading), reading, code);
  if (compiled.push({ name, script }) === 1) process.once('exit', send);
  isNew ||= code === undefined;
  return script.runInThisContext() as Run;
}

function textOf(bytes: Buffer, { encoding, before, after }: Reading): string {
  return before + bytes.toString(encoding) + after;
}

function scriptOf(
  filename: string,
  text: string,
  { before }: Reading,
  cachedData: Uint8Array | undefined,
): import('node:vm').Script {
  // A difference, because Bun refuses -0.
  return new Script(text, { filename, columnOffset: 0 - before.length, cachedData });
}

/** What this thread runs of what was given to it, and whether there is some without code. */
const compiled: { readonly name: string; readonly script: import('node:vm').Script }[] = [];
let isNew = false;

function send(): void {
  if (!isNew) return;
  threads().parentPort?.postMessage(compiled.map(({ name, script }) => ({ name, code: script.createCachedData() })));
}

/** Reads the files that threads run, and the code that was kept of them. */
function readForThreads(): Given {
  const share = (bytes: number): Uint8Array => new Uint8Array(new SharedArrayBuffer(bytes));
  const files = ofThreads.map((name): [string, Shared] => {
    const bytes = sources.get(name)?.() ?? fs.readFileSync(fileOf(name));
    const source = share(bytes.length);
    source.set(bytes);
    return [name, { source, code: cachedCode('thread', name, source, share)?.code }];
  });
  return Object.fromEntries(files);
}
