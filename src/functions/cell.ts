import { standIn } from './stand-in.ts';

/** A variable that is reassigned, as an object that the functions of one message share. */
export class Cell {
  /** The value. Its name is short because it replaces the variable in the text that is sent. */
  v: unknown;
}

standIn(Cell);
