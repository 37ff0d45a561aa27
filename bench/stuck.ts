/** Whether a pool is ever stuck: many programs, each with 24,000 tasks one at a time, alone and beside a busy loop. */
import { beside } from './busy-loops.ts';
import { rivalPools } from './pools/running-pool.ts';
import { spread, valuesOf } from './programs.ts';
import { median } from './report.ts';
import type { Section } from './sections.ts';

const PROGRAMS = 50;

/** The medians of each 3,000 tasks but the first, in µs. */
async function laterOf(pool: string, loops: number): Promise<number[]> {
  const [, ...later] = (await beside(loops, () => valuesOf('pools/course.js', pool, 'apply'))) ?? [];
  return later;
}

export async function stuck(rounds: number): Promise<Section> {
  const rows: string[] = [];
  for (const [loops, company] of ['no busy loop', 'one busy loop'].entries()) {
    const rivals: number[] = [];
    for (const name of rivalPools) {
      const values: number[] = [];
      for (let round = 0; round < rounds; round++) values.push(...(await laterOf(name, loops)));
      if (values.length > 0) rivals.push(median(values));
    }
    const best = Math.min(...rivals);
    const all: number[] = [];
    let behind = 0;
    for (let program = 0; program < PROGRAMS; program++) {
      const values = await laterOf('multiproc', loops);
      // A program that has failed counts as one that was stuck.
      if (values.length === 0 || values.some((value) => value > best)) behind++;
      all.push(...values);
    }
    rows.push(`| ${company} | ${spread(all, 1)} | ${best.toFixed(1)} | ${behind} of ${PROGRAMS} | none |`);
    console.log(rows.at(-1));
  }
  const text = `${PROGRAMS} programs make a pool of two each and run 24,000 tasks one at a time. Each value is the median of 3,000 tasks in µs; the first 3,000 of a program are left out.
The best rival is the pool with the smallest median of these values, of ${rivalPools.join(', ')}.

| machine | multiproc: median, least and most | the best rival's median | programs with a value above it | asked |
|---|---|---|---|---|
${rows.join('\n')}
`;
  return { title: 'Whether a pool is ever stuck', text, plots: {} };
}
