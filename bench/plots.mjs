// Draws the plots of docs/benchmarks.md as SVG, by vega-lite. Not compiled: the packages are bench/'s own.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse, View } from 'vega';
import { compile } from 'vega-lite';

const folder = fileURLToPath(new URL('../docs/benchmarks/', import.meta.url));

const log = (title) => ({ type: 'quantitative', scale: { type: 'log' }, title });
const x = (field, title) => ({ field, ...log(title) });
const line = { type: 'line', point: true };
const size = { width: 420, height: 260 };
const byCompany = { field: 'company', sort: ['no busy loop', 'one busy loop', 'two busy loops'], title: null };
const byPool = {
  column: byCompany,
  color: { field: 'pool', type: 'nominal', title: null },
};

/** One point for each run: how a measure changes in the course of a program. */
const course = (width, title, y) => ({
  mark: { type: 'point', opacity: 0.7 },
  width,
  height: 260,
  encoding: {
    x: { field: 'at', type: 'ordinal', title },
    xOffset: { field: 'pool' },
    y: { field: 'value', ...log(y) },
    ...byPool,
  },
});

/** By name: what is drawn, and how. */
const specs = {
  'course-apply': course(300, 'each 3,000 tasks', 'p50 of one task, µs'),
  'course-all': course(260, 'each burst of 20,000', 'tasks/s'),
  crossing: {
    mark: line,
    ...size,
    encoding: {
      x: x('bytes', 'bytes of an item'),
      y: { field: 'value', ...log('MB/s') },
      color: { field: 'way', title: null },
    },
  },
  'crowd-pairs': {
    mark: 'point',
    ...size,
    encoding: {
      x: { field: 'n', type: 'ordinal', title: 'producers, and as many consumers' },
      y: { field: 'value', type: 'quantitative', title: 'items/s' },
    },
  },
  'crowd-depth': {
    mark: line,
    ...size,
    encoding: {
      x: x('n', 'items in the queue'),
      y: { field: 'value', type: 'quantitative', title: 'items/s' },
      color: { field: 'what', title: null },
    },
  },
  'hand-overs': {
    mark: { type: 'point', opacity: 0.7 },
    width: 260,
    height: 220,
    encoding: {
      x: { field: 'value', ...log('p50, µs') },
      y: { field: 'work', sort: null, title: null, axis: { labelLimit: 0 } },
      row: { field: 'part', title: null },
      column: byCompany,
      color: { field: 'contender', type: 'nominal', title: null },
    },
  },
  smallest: {
    mark: line,
    ...size,
    encoding: {
      x: x('length', 'length of a task, µs'),
      y: { field: 'value', type: 'quantitative', title: 'times as quick as the program itself' },
      color: { field: 'doer', title: null },
    },
  },
};

/** Writes one plot to docs/benchmarks/. */
export async function draw(name, values) {
  const { spec } = compile({ background: 'white', data: { values }, ...specs[name] });
  const svg = await new View(parse(spec), { renderer: 'none' }).toSVG();
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}${name}.svg`, `${svg}\n`);
}
