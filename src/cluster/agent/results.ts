import { clearTimeout, randomHex, setImmediate, setTimeout } from '../../engine/builtins.ts';
import type { Seal } from '../seal.ts';
import { type Blobs, LARGEST_WITHIN } from '../tasks/blobs.ts';
import { type ResultEntry, writeLetter } from '../tasks/letter.ts';

/** Sends sealed results of some tasks of a job, `0-3 7-7`; `isLast` is true if all of its tasks have ended. */
type Send = (isLast: boolean, sealed: Buffer, ranges: string) => Promise<unknown>;

/** Milliseconds for which results of short tasks wait for each other. */
const HELD_BACK = 2;

/** The results of a job's tasks. Results of one turn of the event loop are sealed and sent together, results of short tasks those of a few milliseconds. */
export class Results {
  readonly #seal: Seal;
  readonly #place: string;
  readonly #send: Send;
  readonly #blobs: Blobs;
  readonly #sending: Promise<unknown>[] = [];
  #entries: ResultEntry[] = [];
  #packed: Uint8Array[] = [];
  #isHeldBack = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #isAlone: boolean;
  #isOver = false;

  /** `isAlone` says that the job has one task. */
  constructor(seal: Seal, { place, blobs, isAlone }: { place: string; blobs: Blobs; isAlone: boolean }, send: Send) {
    this.#isAlone = isAlone;
    this.#blobs = blobs;
    this.#seal = seal;
    this.#place = place;
    this.#send = send;
  }

  /** Makes results wait a moment for those of other tasks, from now on: for a job of many short tasks. */
  holdBack(): void {
    this.#isHeldBack = true;
  }

  /** Adds the outcome of a task. Resolves when a large outcome is in the server; at once for any other. */
  async add(index: number, ending: ResultEntry[1], ms: number, packed: Uint8Array, starts: number): Promise<void> {
    const blob = packed.length > LARGEST_WITHIN ? randomHex(8) : '';
    // If the pool has ended, nothing waits for the outcome.
    if (blob !== '' && !(await this.#blobs.writeOutcome(blob, packed))) return;
    if (blob === '') this.#packed.push(packed);
    const entry: ResultEntry = [index, ending, ms, packed.length, starts, blob];
    if (this.#entries.push(entry) > 1) return;
    // The program waits for it, and nothing else will come: at once, before the job is completed.
    if (this.#isAlone) return this.send(true);
    if (this.#isHeldBack) this.#timer = setTimeout(() => this.send(false), HELD_BACK);
    else setImmediate(() => this.send(false));
  }

  /** Sends the outcomes that have been added. */
  send(isLast: boolean): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#entries.length === 0 && (!isLast || this.#isOver)) return;
    this.#isOver = isLast;
    const entries = this.#entries;
    const body = Buffer.concat(this.#packed);
    this.#entries = [];
    this.#packed = [];
    const sealed = this.#seal.seal(writeLetter({ results: entries }, body), this.#place);
    const ranges = rangesOf(entries.map(([index]) => index));
    const sent = this.#send(isLast, sealed, ranges);
    this.#sending.push(sent);
    sent.catch(() => {});
  }

  /** Resolves when all results are in the server. */
  async sent(): Promise<void> {
    await Promise.all(this.#sending);
  }
}

/** Names tasks in a text, each range of those that follow each other in one word. */
export function rangesOf(indices: readonly number[]): string {
  const ranges: string[] = [];
  let from = 0;
  for (const [i, index] of indices.entries()) {
    if (indices[i + 1] === index + 1) continue;
    ranges.push(`${indices[from]}-${index}`);
    from = i + 1;
  }
  return ranges.join(' ');
}
