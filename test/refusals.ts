import assert from 'node:assert/strict';
import { inspect } from 'node:util';

// biome-ignore lint/suspicious/noExplicitAny: all of it is wrong on purpose.
export type Wrong = any;
/** Passes a value where the types would not allow it. */
export const wrong = (value: unknown): Wrong => value;

/** What a refused call answers: the class of the error. */
type ErrorClass = abstract new (...args: never[]) => Error;
type Call = () => unknown;

/** Words of the engine's own, which a user gets where nobody has looked at an argument. */
const ENGINE_WORDS =
  /Cannot (read|set|destructure|convert|use|mix|create)|is not (a function|iterable|a constructor)|undefined \(|Invalid array length|Reduce of|has no initializer/;

/**
 * Makes every call and wants this of each: an error of exactly this class, thrown at once or, of a promise, by rejecting; in words of
 * our own; and `state` as it was. A call is shown by its source.
 */
export class Refusals {
  readonly #state: () => unknown;
  readonly #failures: string[] = [];

  constructor(state: () => unknown = () => undefined) {
    this.#state = state;
  }

  async throws(expected: ErrorClass, ...calls: Call[]): Promise<this> {
    for (const call of calls) await this.#make(expected, call, 'throws');
    return this;
  }

  async rejects(expected: ErrorClass, ...calls: Call[]): Promise<this> {
    for (const call of calls) await this.#make(expected, call, 'rejects');
    return this;
  }

  /** A call that rejects, with every kind of options for a wait that make no sense. */
  async badWaits(call: (options: never) => unknown, shown = call.toString()): Promise<this> {
    for (const [expected, options] of [...badTimes, ...badSignals]) {
      await this.#make(expected, () => call(options as never), 'rejects', `${shown}, ${inspect(options)}`);
    }
    return this;
  }

  /** A call that throws, with every kind of options for a blocking wait that make no sense. */
  async badSyncWaits(call: (options: never) => unknown, shown = call.toString()): Promise<this> {
    for (const [expected, options] of badTimes) {
      await this.#make(expected, () => call(options as never), 'throws', `${shown}, ${inspect(options)}`);
    }
    return this;
  }

  /** All that was wrong, at once. */
  end(): void {
    assert.deepEqual(this.#failures, []);
  }

  async #make(expected: ErrorClass, call: Call, how: 'throws' | 'rejects', shown = call.toString()): Promise<void> {
    const before = inspect(this.#state(), { depth: 5 });
    let did = 'returns';
    let error: unknown;
    try {
      const answer = call();
      try {
        if (answer instanceof Promise && (await settled(answer)) === 'not') did = 'waits';
      } catch (reason) {
        [did, error] = ['rejects', reason];
      }
    } catch (thrown) {
      [did, error] = ['throws', thrown];
    }
    const wrong: string[] = [];
    if (did !== how) wrong.push(`${did} instead of ${how}`);
    if (did === how) {
      if ((error as Error)?.constructor !== expected)
        wrong.push(`${(error as Error)?.constructor?.name}, not ${expected.name}`);
      if (ENGINE_WORDS.test((error as Error)?.message))
        wrong.push(`in words of the engine: ${(error as Error).message}`);
    }
    const after = inspect(this.#state(), { depth: 5 });
    if (after !== before) wrong.push(`${before} became ${after}`);
    if (wrong.length > 0) this.#failures.push(`${shown.replace(/\s+/g, ' ')}: ${wrong.join('; ')}`);
  }
}

/** Time enough for a call that does not wait. */
const LIMIT = 2_000;

async function settled(promise: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, LIMIT, 'not');
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const badTimes: [ErrorClass, unknown][] = [
  [TypeError, null],
  [TypeError, 1000],
  [TypeError, '1000'],
  [TypeError, { timeout: '5' }],
  [TypeError, { timeout: null }],
  [TypeError, { timeout: 5n }],
  [RangeError, { timeout: -1 }],
  [RangeError, { timeout: Number.NaN }],
  [RangeError, { timeout: Number.NEGATIVE_INFINITY }],
];

const badSignals: [ErrorClass, unknown][] = [
  [TypeError, { signal: null }],
  [TypeError, { signal: {} }],
  [TypeError, { signal: 'stop' }],
  [TypeError, { signal: new AbortController() }],
];
