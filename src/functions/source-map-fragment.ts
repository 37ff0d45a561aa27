/** The part of a script's source map that belongs to one function, so that its stack traces show the original source elsewhere too. */
import type { TraceMap } from '@jridgewell/trace-mapping';
import { askPlaces } from './asked-places.ts';
import type { Edit } from './edits.ts';
import { mapsStacks } from './mapped-stacks.ts';
import type { Script } from './script.ts';
import { readSourceMap, tracing } from './source-map.ts';

/** A source map (version 3) for the text of an image. */
export interface SourceMapFragment {
  readonly sources: readonly string[];
  readonly mappings: string;
}

/** Generated column, source, original line and column; all from 0. */
type Segment = [column: number, source: number, originalLine: number, originalColumn: number];

/**
 * Returns the map for the text from `start` to `end` of the script, after the edits, with `before` in front. Undefined where the script has
 * none, or nobody here asked for source maps.
 */
export function mapFragment(
  script: Script,
  start: number,
  end: number,
  before: string,
  edits: readonly Edit[],
): SourceMapFragment | undefined {
  if (!mapsStacks()) return undefined;
  const lines = [0];
  for (let at = script.text.indexOf('\n'); at !== -1; at = script.text.indexOf('\n', at + 1)) lines.push(at + 1);
  const map = mapOf(script) ?? askedMap(script, lines, start, end);
  if (map === undefined) return undefined;
  const decoded = tracing().decodedMappings(map);
  const first = lines.findLastIndex((line) => line <= start);
  const sources: string[] = [];
  const mappings: Segment[][] = [];
  for (let line = first; line < lines.length && (lines[line] as number) < end; line++) {
    const lineStart = lines[line] as number;
    const from = Math.max(lineStart, start);
    const indent = line === first ? before.length : 0;
    const segments = (decoded[line] ?? []).filter((segment) => segment.length > 1) as Segment[];
    // What comes before the function on its line may say where its first part is from.
    const covering = segments.findLastIndex(([column]) => lineStart + column <= from);
    const kept: Segment[] = [];
    for (const [column, source, originalLine, originalColumn] of segments.slice(Math.max(covering, 0))) {
      const offset = lineStart + column;
      if (offset >= end) break;
      const generated = offset <= from ? 0 : offset - from + shift(edits, from, offset);
      const index = indexIn(sources, map.resolvedSources[source] as string);
      kept.push([generated + indent, index, originalLine, originalColumn]);
    }
    mappings.push(kept);
  }
  if (sources.length === 0) return undefined;
  return {
    sources,
    mappings: tracing().encodedMappings(tracing().presortedDecodedMap({ version: 3, names: [], sources, mappings })),
  };
}

function indexIn(sources: string[], source: string): number {
  const index = sources.indexOf(source);
  return index === -1 ? sources.push(source) - 1 : index;
}

function askedMap(script: Script, lines: readonly number[], start: number, end: number): TraceMap | undefined {
  const isFile = script.base.startsWith('file:');
  const file =
    isFile && !script.isModule ? process.getBuiltinModule('node:url').fileURLToPath(script.base) : script.url;
  const places = askPlaces(script, file, start, end);
  if (places.length === 0) return undefined;
  const sources: string[] = [];
  const mappings: Segment[][] = lines.map(() => []);
  for (const { offset, source, line, column } of places) {
    const generated = lines.findLastIndex((at) => at <= offset);
    const at = offset - (lines[generated] as number);
    mappings[generated]?.push([at, indexIn(sources, new URL(source, script.base).href), line, column]);
  }
  return tracing().presortedDecodedMap({ version: 3, names: [], sources, mappings });
}

/** Returns how far edits between two places, on one line, have moved the second. */
function shift(edits: readonly Edit[], from: number, to: number): number {
  let sum = 0;
  for (const { start, end, text } of edits) if (start >= from && end <= to) sum += text.length - (end - start);
  return sum;
}

const maps = new WeakMap<Script, TraceMap | undefined>();

function mapOf(script: Script): TraceMap | undefined {
  if (!maps.has(script)) maps.set(script, readSourceMap(script));
  return maps.get(script);
}
