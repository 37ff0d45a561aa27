import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

/** Cases that one kind does not have, by their name, and why. */
export type Exceptions = Readonly<Record<string, string>>;

/** The cases of a contract, by their name; each makes what it tests. */
export type Cases<Make> = Readonly<Record<string, (make: Make) => Promise<void>>>;

/** Runs the cases of a contract over one kind, but for its exceptions, each of which must be a case. `around` cleans up after a case. */
export function casesOf<Make>(
  name: string,
  cases: Cases<Make>,
  make: Make,
  exceptions: Exceptions,
  around = (run: (make: Make) => Promise<void>, make: Make): Promise<void> => run(make),
): void {
  describe(name, { timeout: 120_000 }, () => {
    for (const [title, run] of Object.entries(cases)) {
      if (!Object.hasOwn(exceptions, title)) test(`${name}: ${title}`, () => around(run, make));
    }
    test(`${name}: the exceptions are cases of the contract`, () => {
      assert.deepEqual(
        Object.keys(exceptions).filter((title) => !Object.hasOwn(cases, title)),
        [],
      );
    });
  });
}
