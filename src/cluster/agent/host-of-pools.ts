import type { CodeOfHost } from '../code/hosted-code.ts';
import type { HostDoor } from '../host-link.ts';
import type { Redis } from '../redis.ts';
import type { Seal } from '../seal.ts';

/** What a pool needs of its host. */
export interface HostOfPools extends CodeOfHost {
  readonly id: string;
  readonly namespace: string;
  readonly slots: number;
  readonly labels: readonly string[];
  readonly seal: Seal;
  readonly redis: Redis;
  /** The way of its workers to objects of the cluster. */
  readonly door: HostDoor;
  readonly counts: { started: number; lost: number };
  /** Counts a task that has ended here. */
  countEnd(failed: boolean): void;
  /** Claims jobs as long as a slot is free. */
  look(): void;
  /** Tells all hosts that there is a job. */
  hint(pool: string): Promise<void>;
  /** Stops serving a pool, for this reason. */
  refuse(pool: string, why: string): void;
  warn(text: string): void;
  /** Counts a value that was not sealed for its place. */
  countForged(error: Error): void;
}
