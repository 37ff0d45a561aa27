/** Reads the text of a module as the engine runs it, if V8 cannot be asked for it. */
import { readModule } from './program-modules.ts';

type Strip = (text: string) => string;

/** Bun shows functions as its own translator has written them, of JavaScript too. */
interface Bun {
  readonly Transpiler: new (options: { loader: string }) => { transformSync: Strip };
}

/** Returns the text without types, or as it is in the file if they cannot be removed here; `undefined` if the file cannot be read. */
export function moduleText(url: string): string | undefined {
  const text = readModule(url);
  if (text === undefined) return undefined;
  const [, kind] = /\.[cm]?([jt]sx?)$/.exec(url) ?? [];
  try {
    const bun = (globalThis as { Bun?: Bun }).Bun;
    if (bun !== undefined) return new bun.Transpiler({ loader: kind ?? 'js' }).transformSync(text);
    if (kind !== 'ts') return text;
    const { stripTypeScriptTypes: strip } = process.getBuiltinModule('node:module') as { stripTypeScriptTypes?: Strip };
    return strip?.(text) ?? text;
  } catch {
    return text; // its syntax is not known
  }
}
