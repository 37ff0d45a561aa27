/** What contenders do from their first moment on, on a machine that has nothing else to do, and beside busy loops. */
import { beside } from './busy-loops.ts';
import { inTurns } from './programs.ts';
import { median } from './report.ts';

/** By the number of busy loops. */
export const companies = ['no busy loop', 'one busy loop', 'two busy loops'] as const;
export type Company = (typeof companies)[number];

/** What is asked of the ratio in one company, of the first ones and of the later ones; left out where nothing is. */
export type Asked = Readonly<Partial<Record<Company, { readonly first?: number; readonly later?: number }>>>;

/** Runs contenders, which print values in the order in which they were measured: by their names, those of each program. */
export function inCompany(
  company: Company,
  rounds: number,
  contenders: Readonly<Record<string, () => number[] | undefined>>,
): Promise<Map<string, number[][]>> {
  return beside(companies.indexOf(company), () => inTurns(rounds, contenders));
}

/** The medians of the first values and of all later ones, of each program. */
export function parts(programs: readonly number[][], first: number): { first: number[]; later: number[] } {
  return {
    first: programs.map((values) => median(values.slice(0, first))),
    later: programs.map((values) => median(values.slice(first))),
  };
}
