import { mailbox } from '../channel/mailbox.ts';
import { line, objectStruct, word, words } from '../memory/struct.ts';
import { waitList } from '../sync/wait-list.ts';
import { FUNCTION_TABLE_WORDS } from './function-table.ts';
import { MOST_POLLERS } from './polling.ts';

/** The largest number of priorities that can wait at the same time. */
export const LANES = 32;
/** The words of a board. */
export const boardLayout = objectStruct({
  /** Granule of the table of slots; the owner writes it once. */
  slots: word,
  /** Odd while the owner writes the lanes. */
  version: word,
  /** The number of lanes, and the granules of their rings, the highest priority first; written by the owner. */
  laneCount: word,
  /** The owner's member number; the owner writes it once. */
  ownerName: word,
  /** The number of times that the owner's program has reached its end. Idle workers that were started before leave. Written by the owner. */
  farewells: word,
  lanes: line(words(LANES)),
  /** The reports of workers, for the owner. */
  reports: mailbox,
  /** The workers that wait for a task. */
  workers: waitList,
  /** The requests of other processes, for the owner. */
  requests: mailbox,
  /** Workers that are polling. Each word is written by its worker, and by the owner when the worker has died or takes nothing. */
  pollers: line(words(MOST_POLLERS)),
  /** See function-table.ts; written by the owner. */
  functions: words(FUNCTION_TABLE_WORDS),
});
export const field = boardLayout.at;
