import { standIn } from './stand-in.ts';

/** A variable that somebody reassigns, as an object: functions of one message that use it share it. */
export class Cell {
  /** Named shortly, because it takes the place of the variable in the text that travels. */
  v: unknown;
}

standIn(Cell);
