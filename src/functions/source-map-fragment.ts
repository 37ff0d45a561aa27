/** The part of a script's source map that belongs to one function, so that its stack traces show the original source elsewhere too. */
import { askPlaces } from './asked-places.ts';
import type { Edit } from './edits.ts';
import { mapsStacks } from './mapped-stacks.ts';
import type { Script } from './script.ts';

/** A source map (version 3) for the text of an image. */
export interface SourceMapFragment {
  readonly sources: readonly string[];
  readonly mappings: string;
}

interface SourceMap {
  readonly sources: readonly string[];
  readonly sourceRoot?: string;
  readonly mappings: string;
}

/** What bundlers make of several maps. */
interface IndexMap {
  readonly sections: readonly {
    readonly offset: { readonly line: number; readonly column: number };
    readonly map: SourceMap | IndexMap;
  }[];
}

/** A map that was read: the sources as URLs, and all its segments in the order of the text. */
interface DecodedMap {
  readonly sources: readonly string[];
  readonly segments: readonly Segment[];
}

/** Generated line and column, source, original line and column; all from 0. */
type Segment = [line: number, column: number, source: number, originalLine: number, originalColumn: number];

/**
 * The map for the text from `start` to `end` of the script, after the edits, with `before` in front. Undefined where the script has
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
  const first = lines.findLastIndex((line) => line <= start);
  const kept: Segment[] = [];
  for (const [line, column, ...original] of map.segments) {
    const offset = (lines[line] ?? Number.POSITIVE_INFINITY) + column;
    if (offset < start || offset >= end) continue;
    const lineStart = line === first ? start - before.length : (lines[line] as number);
    kept.push([
      line - first,
      offset - lineStart + shift(edits, Math.max(lines[line] as number, start), offset),
      ...original,
    ]);
  }
  return { sources: map.sources, mappings: encode(kept) };
}

function askedMap(script: Script, lines: readonly number[], start: number, end: number): DecodedMap | undefined {
  const isFile = script.base.startsWith('file:');
  const file =
    isFile && !script.isModule ? process.getBuiltinModule('node:url').fileURLToPath(script.base) : script.url;
  const places = askPlaces(script, file, start, end);
  if (places.length === 0) return undefined;
  const sources = [...new Set(places.map(({ source }) => source))];
  const segments = places.map(({ offset, source, line, column }): Segment => {
    const generated = lines.findLastIndex((at) => at <= offset);
    return [generated, offset - (lines[generated] as number), sources.indexOf(source), line, column];
  });
  return { sources: sources.map((source) => new URL(source, script.base).href), segments };
}

/** How far edits between two places, on one line, have moved the second. */
function shift(edits: readonly Edit[], from: number, to: number): number {
  let sum = 0;
  for (const { start, end, text } of edits) if (start >= from && end <= to) sum += text.length - (end - start);
  return sum;
}

const maps = new WeakMap<Script, DecodedMap | undefined>();

function mapOf(script: Script): DecodedMap | undefined {
  if (!maps.has(script)) maps.set(script, readMap(script));
  return maps.get(script);
}

function readMap({ mapUrl: known, text: code, base }: Script): DecodedMap | undefined {
  // V8 does not look into text that somebody has wrapped in a function.
  const mapUrl = known || ([...code.matchAll(/^\/\/[#@] sourceMappingURL=(\S+)/gm)].at(-1)?.[1] ?? '');
  if (mapUrl === '') return undefined;
  try {
    const inline = /^data:application\/json[^,]*?(;base64)?,(.*)$/s.exec(mapUrl);
    const text = inline
      ? Buffer.from(decodeURIComponent(inline[2] as string), inline[1] ? 'base64' : 'utf8').toString()
      : process.getBuiltinModule('node:fs').readFileSync(new URL(mapUrl, base), 'utf8');
    const sources: string[] = [];
    const segments: Segment[] = [];
    for (const [map, fromLine, fromColumn] of sectionsOf(JSON.parse(text) as SourceMap | IndexMap, 0, 0)) {
      const root = map.sourceRoot ? `${map.sourceRoot}/` : '';
      const first = sources.length;
      for (const source of map.sources) sources.push(new URL(root + source, base).href);
      for (const [line, column, source, ...original] of decode(map.mappings)) {
        segments.push([line + fromLine, column + (line === 0 ? fromColumn : 0), source + first, ...original]);
      }
    }
    return { sources, segments };
  } catch {
    return undefined; // stack traces then show the compiled place
  }
}

/** The plain maps in a map, each with the line and column where its text begins. */
function* sectionsOf(map: SourceMap | IndexMap, line: number, column: number): Generator<[SourceMap, number, number]> {
  if (!('sections' in map)) yield [map, line, column];
  else {
    for (const { offset, map: inner } of map.sections) {
      yield* sectionsOf(inner, line + offset.line, offset.column + (offset.line === 0 ? column : 0));
    }
  }
}

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function* decode(mappings: string): Generator<Segment> {
  let [source, originalLine, originalColumn] = [0, 0, 0];
  for (const [line, segments] of mappings.split(';').entries()) {
    let column = 0;
    for (const segment of segments === '' ? [] : segments.split(',')) {
      const [columns = 0, sources, lines = 0, originalColumns = 0] = numbersOf(segment);
      column += columns;
      if (sources === undefined) continue;
      source += sources;
      originalLine += lines;
      originalColumn += originalColumns;
      yield [line, column, source, originalLine, originalColumn];
    }
  }
}

function numbersOf(segment: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (const character of segment) {
    const digit = digits.indexOf(character);
    value |= (digit & 31) << shift;
    shift += 5;
    if (digit & 32) continue;
    numbers.push(value & 1 ? -(value >>> 1) : value >>> 1);
    value = shift = 0;
  }
  return numbers;
}

function encode(segments: readonly Segment[]): string {
  let result = '';
  let before: Segment = [0, 0, 0, 0, 0];
  for (const segment of segments) {
    const [line, column, source, originalLine, originalColumn] = segment;
    if (line > before[0]) result += ';'.repeat(line - before[0]);
    else if (result !== '' && !result.endsWith(';')) result += ',';
    const columns = column - (line > before[0] ? 0 : before[1]);
    for (const n of [columns, source - before[2], originalLine - before[3], originalColumn - before[4]])
      result += digitsOf(n);
    before = segment;
  }
  return result;
}

function digitsOf(n: number): string {
  let rest = n < 0 ? (-n << 1) | 1 : n << 1;
  let text = '';
  do {
    const digit = rest & 31;
    rest >>>= 5;
    text += digits[rest > 0 ? digit | 32 : digit];
  } while (rest > 0);
  return text;
}
