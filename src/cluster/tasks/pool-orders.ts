/** What a program says of its pool. */
export interface PoolOrders {
  /** A letter with a `PoolHeader`. */
  readonly letter: Uint8Array;
  /** How many tasks may run at once, 0 without a bound. */
  readonly processes: number;
}
