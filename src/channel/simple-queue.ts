import type { NameOption } from '../contracts/options.ts';
import { kinds } from '../memory/kinds.ts';
import { defineKind } from '../memory/object-kinds.ts';
import { Existing } from '../memory/shared-object.ts';
import { BoundedBuffer, destroyBuffer } from './bounded-buffer.ts';

defineKind(kinds.SIMPLE_QUEUE, { make: () => SimpleQueue, destroy: destroyBuffer });

/**
 * An unbounded queue between processes with few methods: `put`, `get`, their `Sync` and `Nowait` forms, `qsize`, `empty` and `close`. For
 * a bound, many items at once, or an end of the stream, use `Queue`.
 *
 * @example
 * import { Process, SimpleQueue } from 'multiproc';
 * import assert from 'node:assert';
 *
 * const answers = new SimpleQueue<number>();
 * const p = new Process({ target: () => answers.putSync(6 * 7) });
 * p.start();
 * assert.equal(await answers.get(), 42);
 */
export class SimpleQueue<T> extends BoundedBuffer<T> {
  constructor(options?: NameOption);
  /** @internal */
  constructor(existing: Existing);
  constructor(options?: NameOption | Existing) {
    super(kinds.SIMPLE_QUEUE, options instanceof Existing ? options : 0, options);
  }
}
