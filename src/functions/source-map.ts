/** The reader of source maps, loaded when the first function travels whose stacks are to show the original source. */

import type { TraceMap } from '@jridgewell/trace-mapping';
import { fs } from '../engine/builtins.ts';
import type { Script } from './script.ts';

type Tracing = typeof import('@jridgewell/trace-mapping');

let loaded: Tracing | undefined;

/** Returns the package that reads and writes source maps. */
export function tracing(): Tracing {
  loaded ??= require('@jridgewell/trace-mapping') as Tracing;
  return loaded;
}

/** Returns the map of a script, inline or in a file, an index map too, with its sources as URLs. Undefined where there is none that can be read: stacks then show the compiled place. */
export function readSourceMap({ mapUrl: known, text: code, base }: Script): TraceMap | undefined {
  // V8 does not look into text that was wrapped in a function.
  const mapUrl = known || ([...code.matchAll(/^\/\/[#@] sourceMappingURL=(\S+)/gm)].at(-1)?.[1] ?? '');
  if (mapUrl === '') return undefined;
  try {
    const inline = /^data:application\/json[^,]*?(;base64)?,(.*)$/s.exec(mapUrl);
    const from = inline ? base : new URL(mapUrl, base).href;
    const text = inline
      ? Buffer.from(decodeURIComponent(inline[2] as string), inline[1] ? 'base64' : 'utf8').toString()
      : fs.readFileSync(new URL(from), 'utf8');
    // A hint for browsers that the text is no script.
    const map = tracing().FlattenMap(text.replace(/^\)]\}'[^\n]*\n/, ''), from);
    const sources = map.resolvedSources.map((source) =>
      URL.canParse(source, from) ? new URL(source, from).href : source,
    );
    return tracing().presortedDecodedMap({
      version: 3,
      names: [],
      sources,
      mappings: tracing().decodedMappings(map) as never,
    });
  } catch {
    return undefined;
  }
}
