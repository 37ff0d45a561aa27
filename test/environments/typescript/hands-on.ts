// A library that hands on our types.
export { Pool, type PoolOptions, Queue } from 'multiproc';
export type { Manager } from 'multiproc/managers';
