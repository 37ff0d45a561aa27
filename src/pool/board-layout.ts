import { RING_WORDS } from '../ring/ring.ts';
import { WAIT_LIST_WORDS } from '../sync/wait-list.ts';
import { FUNCTION_TABLE_WORDS } from './function-table.ts';
import { MOST_POLLERS } from './pollers.ts';

/** The largest number of priorities that can wait at the same time. */
export const LANES = 32;
/** Words of a board, after those of every shared object. */
export const field = {
  /** Granule of the table of slots; the owner writes it once. */
  slots: 2,
  /** Odd while the owner writes the lanes. */
  version: 3,
  /** The number of lanes, and the granules of their rings, the highest priority first; written by the owner. */
  laneCount: 4,
  /** The owner's member number; the owner writes it once. */
  ownerName: 5,
  /** The number of times that the owner's program has reached its end. Idle workers that were started before leave. Written by the owner. */
  farewells: 6,
  lanes: 16,
  results: 16 + LANES,
  workers: 16 + LANES + RING_WORDS,
  owner: 16 + LANES + RING_WORDS + WAIT_LIST_WORDS,
  requests: 16 + LANES + RING_WORDS + 2 * WAIT_LIST_WORDS,
  listener: 16 + LANES + 2 * RING_WORDS + 2 * WAIT_LIST_WORDS,
  /** Workers that are polling. Each word is written by its worker, and by the owner when the worker has died or takes nothing. */
  pollers: 16 + LANES + 2 * RING_WORDS + 3 * WAIT_LIST_WORDS,
  /** See function-table.ts; written by the owner. */
  functions: 16 + LANES + 2 * RING_WORDS + 3 * WAIT_LIST_WORDS + MOST_POLLERS,
} as const;
/** The number of words that a board takes. */
export const BOARD_WORDS = field.functions + FUNCTION_TABLE_WORDS;
