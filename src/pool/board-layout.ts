import { RING_WORDS } from '../ring/ring.ts';
import { WAIT_LIST_WORDS } from '../sync/wait-list.ts';
import { FUNCTION_TABLE_WORDS } from './function-table.ts';
import { MOST_POLLERS } from './pollers.ts';

/** How many priorities may wait at the same time. */
export const LANES = 32;
/** Words of a board, behind those of every shared object. */
export const field = {
  /** Granule of the table of slots; written once. */
  slots: 2,
  /** Odd while the owner writes the lanes. */
  version: 3,
  /** How many lanes there are, and the granules of their rings from the highest priority on; written by the owner. */
  laneCount: 4,
  /** The owner's name in the family; written once. */
  ownerName: 5,
  /** How often the owner's program has come to its end: workers that came before and have nothing to do leave; written by the owner. */
  farewells: 6,
  lanes: 16,
  results: 16 + LANES,
  workers: 16 + LANES + RING_WORDS,
  owner: 16 + LANES + RING_WORDS + WAIT_LIST_WORDS,
  requests: 16 + LANES + RING_WORDS + 2 * WAIT_LIST_WORDS,
  listener: 16 + LANES + 2 * RING_WORDS + 2 * WAIT_LIST_WORDS,
  /** Workers that are trying again and again; each written by its worker, and by the owner when that has died or takes nothing. */
  pollers: 16 + LANES + 2 * RING_WORDS + 3 * WAIT_LIST_WORDS,
  /** See function-table.ts; written by the owner. */
  functions: 16 + LANES + 2 * RING_WORDS + 3 * WAIT_LIST_WORDS + MOST_POLLERS,
} as const;
/** How many words a board takes. */
export const BOARD_WORDS = field.functions + FUNCTION_TABLE_WORDS;
