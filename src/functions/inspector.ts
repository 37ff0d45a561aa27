/** Asks V8's inspector, synchronously and in the same thread, where a function is and which values its variables have. */
import type { Profiler, Runtime, Session } from 'node:inspector';
import { COVERED } from './covered-name.ts';
import { Refusal } from './refusal.ts';

/** A script as V8 knows it. */
export interface LoadedScript {
  readonly id: string;
  /** As V8 reports it: a `file:` URL, a path, `[eval]`, … */
  readonly url: string;
  readonly isModule: boolean;
  /** False for scripts of another `vm` context. */
  readonly isMainContext: boolean;
  /** Where the text stands in its file; not 0 only for what was compiled with an offset. */
  readonly startLine: number;
  readonly startColumn: number;
  /** From its `sourceMappingURL` comment, or empty. */
  readonly mapUrl: string;
  readonly source: string;
}

/** One scope around a function, innermost first: a snapshot of its variables. */
export interface LiveScope {
  /** `Module`, `Closure`, `Block`, `Script`, …, perhaps followed by the function's name in parentheses. */
  readonly description: string;
  readonly object: Record<string, unknown>;
}

/** What V8 knows about one function. */
export interface InspectedFunction {
  /** Undefined for native code. */
  readonly location: { readonly scriptId: string; readonly line: number; readonly column: number } | undefined;
  readonly scopes: readonly LiveScope[];
  /** Of a bound function. */
  readonly bound: { readonly target: unknown; readonly self: unknown; readonly args: readonly unknown[] } | undefined;
}

/** Thrown if this process has no inspector. */
export class InspectorRefusal extends Refusal {}

interface Connection {
  readonly session: Session;
  /** JavaScript values pass through this object's fields, which the inspector knows as `exchangeId`. */
  readonly exchange: { given?: unknown; taken?: unknown };
  readonly exchangeId: string;
  readonly scripts: Map<string, Omit<LoadedScript, 'source'>>;
  /** The ids of ES modules, by URL. */
  readonly modules: Map<string, string>;
}

let connection: Connection | undefined;

const group = 'multiproc';
const give = 'function () { return this.given; }';
const take = 'function (value) { this.taken = value; }';

function post<T>(session: Session, method: string, params: object): T {
  let failure: Error | null = null;
  let result: unknown;
  let isAnswered = false;
  // The callback of a session that is connected to its own thread runs before post() returns.
  session.post(method, params, (error, answer) => {
    isAnswered = true;
    failure = error;
    result = answer;
  });
  if (!isAnswered) throw noInspector();
  // Node ends the inspector for good where a process sends itself a signal by process.kill(), which mostly is its end.
  if (failure !== null) {
    throw new Refusal(
      "its variables cannot be read: Node has ended V8's inspector in this process, as it does when a process calls process.kill() on itself with a signal that has no handler; give that signal a handler, or send the function before",
      { cause: failure },
    );
  }
  return result as T;
}

function open(): Session {
  try {
    const session = new (process.getBuiltinModule('node:inspector').Session)();
    session.connect();
    return session;
  } catch (cause) {
    throw noInspector(cause);
  }
}

function noInspector(cause?: unknown): InspectorRefusal {
  return new InspectorRefusal(`its variables cannot be read without V8's inspector, ${whyNot()}`, { cause });
}

/** Says which functions can be sent without the inspector. */
const WAY_OUT = 'export the function from a module that the program imports by a declaration, and send the export';

/** Says why there is no inspector, and what to do. */
function whyNot(): string {
  const { bun, deno } = process.versions;
  if (bun !== undefined || deno !== undefined) return `which ${deno ? 'Deno' : 'Bun'} does not have: ${WAY_OUT}`;
  if (process.permission === undefined) return `which this Node was built without: ${WAY_OUT}`;
  if (process.allowedNodeEnvironmentFlags.has('--allow-inspector'))
    return `which Node's permission model does not allow: ${WAY_OUT}, or start node with --allow-inspector`;
  return `which this Node does not allow under its permission model: ${WAY_OUT}, or take a Node that has --allow-inspector`;
}

function connect(): Connection {
  const session = open();
  const exchange: Connection['exchange'] = {};
  // Nobody sees the property: it is there for two calls, in which no code of the program runs.
  const name = `multiproc ${Math.random()}${Math.random()}`;
  const world = globalThis as Record<string, unknown>;
  Object.defineProperty(world, name, { value: exchange, configurable: true });
  try {
    const expression = `globalThis[${JSON.stringify(name)}]`;
    const answer = post<Runtime.EvaluateReturnType>(session, 'Runtime.evaluate', { expression, silent: true });
    const scripts: Connection['scripts'] = new Map();
    const modules: Connection['modules'] = new Map();
    session.on('Debugger.scriptParsed', ({ params }) => {
      const { scriptId: id, startLine, startColumn, sourceMapURL: mapUrl = '' } = params;
      const url = params.url.replace(COVERED, '');
      const isMainContext = (params.executionContextAuxData as { isDefault?: boolean })?.isDefault !== false;
      const isModule = params.isModule === true;
      scripts.set(id, { id, url, isModule, isMainContext, startLine, startColumn, mapUrl });
      if (isModule && isMainContext) modules.set(url, id);
    });
    return { session, exchange, exchangeId: answer.result.objectId as string, scripts, modules };
  } finally {
    delete world[name];
  }
}

/** Reads one function's place and variables; takes about 0.2 ms. The scopes hold the values of this moment. */
export function inspectFunction(fn: object): InspectedFunction {
  return lookingAt(fn, ({ internalProperties }, fetch) => {
    const inner = new Map(internalProperties?.map(({ name, value }) => [name, value]));
    const location = inner.get('[[FunctionLocation]]')?.value;
    const list = (name: string) => Array.from((inner.has(name) ? fetch(inner.get(name)) : []) as ArrayLike<unknown>);
    return {
      location: location && { scriptId: location.scriptId, line: location.lineNumber, column: location.columnNumber },
      scopes: list('[[Scopes]]') as LiveScope[],
      bound: inner.has('[[TargetFunction]]')
        ? {
            target: fetch(inner.get('[[TargetFunction]]')),
            self: fetch(inner.get('[[BoundThis]]')),
            args: list('[[BoundArgs]]'),
          }
        : undefined,
    };
  });
}

/** Reads the private static fields of a class, by their names without the `#`. */
export function privatePropertiesOf(cls: object): [name: string, value: unknown][] {
  return lookingAt(cls, ({ privateProperties = [] }, fetch) =>
    privateProperties
      .filter(({ value }) => value !== undefined)
      .map(({ name, value }): [string, unknown] => [name.slice(1), fetch(value)]),
  );
}

type Properties = Runtime.GetPropertiesReturnType & {
  readonly privateProperties?: readonly Pick<Runtime.PropertyDescriptor, 'name' | 'value'>[];
};

/** Calls `look` with what V8 says of an object; `fetch` returns the value that V8 names. */
function lookingAt<T>(
  given: object,
  look: (properties: Properties, fetch: (remote: Runtime.RemoteObject | undefined) => unknown) => T,
): T {
  connection ??= connect();
  const { session, exchange, exchangeId } = connection;
  const fetch = (remote: Runtime.RemoteObject | undefined): unknown => {
    const { objectId, unserializableValue, value: plain } = remote ?? {};
    const argument = objectId ? { objectId } : unserializableValue ? { unserializableValue } : { value: plain };
    const call = { objectId: exchangeId, functionDeclaration: take, arguments: [argument], objectGroup: group };
    post(session, 'Runtime.callFunctionOn', call);
    const value = exchange.taken;
    exchange.taken = undefined;
    return value;
  };
  exchange.given = given;
  try {
    const call = { objectId: exchangeId, functionDeclaration: give, objectGroup: group };
    const { result } = post<Runtime.CallFunctionOnReturnType>(session, 'Runtime.callFunctionOn', call);
    const ask = { objectId: result.objectId, ownProperties: true };
    return look(post<Properties>(session, 'Runtime.getProperties', ask), fetch);
  } finally {
    exchange.given = undefined;
    post(session, 'Runtime.releaseObjectGroup', { objectGroup: group });
  }
}

const urls = new Map<string, string | undefined>();

/** Returns the URL of the script with this id, which V8 tells in passing with what has run so far; `undefined` where it does not. Takes 2 ms or more. */
export function urlOfScript(id: string): string | undefined {
  if (urls.has(id)) return urls.get(id);
  connection ??= connect();
  const coverage = post<Profiler.GetBestEffortCoverageReturnType>(
    connection.session,
    'Profiler.getBestEffortCoverage',
    {},
  );
  for (const { scriptId, url } of coverage.result) urls.set(scriptId, url.replace(COVERED, ''));
  if (!urls.has(id)) urls.set(id, undefined);
  return urls.get(id);
}

/** Returns the script with this id; takes several milliseconds the first time, so the caller keeps it. */
export function loadedScript(id: string): LoadedScript {
  return debugging(({ session, scripts }) => {
    const script = scripts.get(id);
    if (script === undefined) {
      throw new Refusal('V8 does not tell where it was written, as of code that ran in another vm context');
    }
    const { scriptSource } = post<{ scriptSource: string }>(session, 'Debugger.getScriptSource', { scriptId: id });
    return { ...script, source: scriptSource };
  });
}

/** Returns the id of the ES module that was loaded from the first of these URLs from which one was loaded. */
export function moduleAt(urls: readonly string[]): string | undefined {
  const look = ({ modules }: Connection) => modules.get(urls.find((url) => modules.has(url)) ?? '');
  connection ??= connect();
  return look(connection) ?? debugging(look);
}

/** V8 names its scripts and gives their source only while debugging is on, which slows all code: off again at once. */
function debugging<T>(look: (connection: Connection) => T): T {
  connection ??= connect();
  post(connection.session, 'Debugger.enable', {});
  try {
    return look(connection);
  } finally {
    post(connection.session, 'Debugger.disable', {});
    connection.scripts.clear();
  }
}
