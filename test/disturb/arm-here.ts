import { Cell } from './cell.ts';
import { type Order, obey } from './order.ts';

let callOff = () => {};

/** Carries out an order in the process in which this is called, from here on: for a task, or a method of what a server holds. */
export function armHere(path: string, order: Order): number {
  callOff = obey(order, new Cell(path));
  return process.pid;
}

/** Calls it off. */
export function disarmHere(): void {
  callOff();
  callOff = () => {};
}
