import { contentsAmong } from '../channel/contents.ts';
import { unpackShared } from '../channel/transport.ts';
import { type ArrivingContent, contentChanges, contentsArrived } from '../codec/captured-contents.ts';
import type { AnyFunction } from '../contracts/executor.ts';
import type { Family } from '../memory/family.ts';
import { placeOf } from '../memory/heap.ts';
import { viewEnvelope } from '../ring/envelope.ts';
import type { FunctionTable } from './function-table.ts';

/** A function as a worker has it. */
interface Known {
  readonly fn: AnyFunction;
  /** The values of the variables that it shares with others. */
  readonly contents: readonly ArrivingContent[];
  /** The count of changes when the variables had these values. */
  changes: number;
  /** True if a call has returned, and if a call has returned a promise. */
  wasCalled: boolean;
  wasAsync: boolean;
}

/** The functions of a worker, each decoded once. */
export class FunctionCache {
  readonly #family: Family;
  readonly #decoded = new Map<number, Known>();
  #last: Known | undefined;
  #lastId = -1;

  readonly #table: FunctionTable;

  constructor(family: Family, table: FunctionTable) {
    this.#family = family;
    this.#table = table;
  }

  has(id: number): boolean {
    return this.#decoded.has(id);
  }

  /** False if a call of the function has returned, and none has returned a promise. */
  mayBeAsync(id: number): boolean {
    const known = id === this.#lastId ? this.#last : this.#decoded.get(id);
    return known === undefined || !known.wasCalled || known.wasAsync;
  }

  get(id: number, granule: number): Known {
    let known = id === this.#lastId ? this.#last : this.#decoded.get(id);
    if (known === undefined) {
      const { envelope, start } = viewEnvelope(this.#family, placeOf(granule));
      const contents = contentsAmong(this.#family, envelope.handles);
      const fn = unpackShared(this.#family, envelope, start) as AnyFunction;
      known = { fn, contents, changes: contentChanges(), wasCalled: false, wasAsync: false };
      for (const other of this.#decoded.keys()) if (!this.#table.has(other)) this.#decoded.delete(other);
      this.#decoded.set(id, known);
    } else if (known.changes !== contentChanges()) {
      // Another function has brought other values since.
      contentsArrived(known.contents);
      known.changes = contentChanges();
    }
    this.#last = known;
    this.#lastId = id;
    return known;
  }
}
