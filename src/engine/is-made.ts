import { loadedModules } from './loaded-modules.ts';

/**
 * What Node makes at the first look: of the global object, and of its modules, by the module inside Node that has it. From Node 22 on even
 * `Object.getOwnPropertyDescriptor` is a look. It loads up to a hundred modules; with little address space, `undici` ends the program.
 * `test/engine/is-made.test.ts` finds what is missing here.
 */
const homes: Readonly<Record<string, string>> = {
  'internal/abort_controller': 'AbortController AbortSignal',
  // `toCryptoKey()` of Node 24 makes a key without this module: the codec knows keys by themselves, and nobody sends their class.
  'internal/crypto/webcrypto': 'Crypto CryptoKey SubtleCrypto crypto',
  'internal/deps/undici/undici':
    'CloseEvent ErrorEvent EventSource FormData Headers MessageEvent Request Response WebSocket',
  'internal/file': 'File',
  'internal/fs/dir': 'Dir opendir opendirSync',
  'internal/locks': 'locks',
  'internal/navigator': 'Navigator navigator',
  'internal/util/diff': 'diff',
  'internal/util/parse_args/parse_args': 'parseArgs',
  'internal/util/trace_sigint': 'setTraceSigInt',
  'internal/webstorage': 'Storage localStorage sessionStorage',
  'internal/webstreams/compression': 'CompressionStream DecompressionStream',
  'internal/webstreams/encoding': 'TextDecoderStream TextEncoderStream',
  'internal/webstreams/queuingstrategies': 'ByteLengthQueuingStrategy CountQueuingStrategy',
  'internal/webstreams/readablestream':
    'ReadableByteStreamController ReadableStream ReadableStreamBYOBReader ReadableStreamBYOBRequest ReadableStreamDefaultController ReadableStreamDefaultReader',
  'internal/webstreams/transformstream': 'TransformStream TransformStreamDefaultController',
  'internal/webstreams/writablestream': 'WritableStream WritableStreamDefaultController WritableStreamDefaultWriter',
  'internal/worker/io': 'BroadcastChannel MessageChannel MessagePort',
  perf_hooks:
    'Performance PerformanceEntry PerformanceMark PerformanceMeasure PerformanceObserver PerformanceObserverEntryList PerformanceResourceTiming performance',
};
const homeOf = new Map(
  Object.entries(homes).flatMap(([home, names]) => names.split(' ').map((name) => [name, home] as const)),
);
if (process.versions.node.startsWith('20.')) homeOf.set('MessageEvent', 'internal/worker/io');

/**
 * Returns false if the member with this name, of the global object or of a module of Node, is one that Node makes at the first look, and
 * Node has not loaded what it is made of: then no value can be that member, and a search for a value can skip it.
 */
export function isMade(name: string): boolean {
  const home = homeOf.get(name);
  if (home === undefined) return true;
  const loaded = loadedModules();
  return loaded.size === 0 || loaded.has(home);
}
