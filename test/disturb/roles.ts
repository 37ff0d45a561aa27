import type { Queue } from 'multiproc';
import { disarm } from './armed.ts';
import { Cell } from './cell.ts';
import { type Order, obey } from './order.ts';

// biome-ignore lint/suspicious/noExplicitAny: of anything.
export type Act = (...args: any[]) => unknown;

/** What came of an act that its process has survived. */
export interface Outcome {
  /** What it threw, in a list since it may have thrown `undefined`; empty if it came through. */
  readonly threw: readonly unknown[];
}

/** What a victim does: the act under an order, which it may have had since its birth. One that has survived says what came of it, and answers questions until it is ended. */
export async function perform(
  path: string,
  order: Order,
  fromBirth: boolean,
  questions: Queue<number>,
  answers: Queue<Outcome | number>,
  prepare: Act,
  act: Act,
  ...args: unknown[]
): Promise<void> {
  using cell = new Cell(path);
  await settled(prepare(...args));
  const callOff = fromBirth ? disarm : obey(order, cell);
  const threw: unknown[] = [];
  try {
    const answer = act(...args);
    if (answer instanceof Promise) await answer;
  } catch (error) {
    threw.push(error);
  }
  callOff();
  answers.putSync({ threw });
  for (;;) answers.putSync(await questions.get());
}

/** What the bystander of one stop does: something else with the same objects while the victim stands still. */
export async function bystand(path: string, time: number, act: Act, ...args: unknown[]): Promise<void> {
  using cell = new Cell(path);
  cell.await('ready', time - 1);
  cell.set('ready', time);
  if (!cell.await('stopped', time)) return;
  const answer = act(...args);
  if (answer instanceof Promise) await answer;
  cell.set('done', time);
}

async function settled(answer: unknown): Promise<void> {
  if (answer instanceof Promise) await answer;
}
