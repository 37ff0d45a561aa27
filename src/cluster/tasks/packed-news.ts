import type { DeskNews, DeskOutcome } from './desk-task.ts';
import { type JoinedBytes, joinBytes, splitBytes } from './joined-bytes.ts';

/** A report of a gateway on its way to the program: the outcomes of tasks, and the errors of the gateway. */
export type PackedNews = readonly [
  slots: number,
  ids: readonly number[],
  outcomes: JoinedBytes,
  broken: readonly number[],
  errors: readonly (readonly [id: number, error: unknown])[],
];

/** Packs a report. */
export function packNews([slots, ends]: DeskNews): PackedNews {
  const ids: number[] = [];
  const outcomes: Uint8Array[] = [];
  const broken: number[] = [];
  const errors: [number, unknown][] = [];
  for (const [id, packed, rest] of ends) {
    if (packed === undefined) {
      errors.push([id, rest]);
      continue;
    }
    ids.push(id);
    outcomes.push(packed);
    if (rest === true) broken.push(id);
  }
  return [slots, ids, joinBytes(outcomes), broken, errors];
}

/** Returns the report again; tasks with outcomes come first. */
export function unpackNews([slots, ids, outcomes, broken, errors]: PackedNews): DeskNews {
  const areBroken = new Set(broken);
  const ends = splitBytes(outcomes).map((packed, i): DeskOutcome => [ids[i]!, packed, areBroken.has(ids[i]!)]);
  for (const [id, error] of errors) ends.push([id, undefined, error]);
  return [slots, ends];
}
