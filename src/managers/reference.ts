import { withCallers } from '../both-stacks.ts';
import { ClosedError } from '../errors.ts';
import { readTimeout, type WaitOptions } from '../options.ts';
import { type Lease, Returns } from './lease.ts';
import { Lender } from './lender.ts';
import type { Link } from './link.ts';
import type { ObjectId } from './messages.ts';

/** What a thread outside of the server's family has lent to other members of its own. */
let loans: Lender<Reference> | undefined;

/** Has the server told when its client has let go of an object; `count` is how often it was given it. */
const collected = new FinalizationRegistry<{ link: Link; id: ObjectId; given: { count: number } }>(
  ({ link, id, given }) => link.release(id, given.count),
);

/** What a proxy stands for: an object of a server, and this thread's share in keeping it. */
export class Reference {
  readonly link: Link;
  readonly id: ObjectId;
  /** Which class of proxies it has: that of a built-in type, or `class:name` or `shared:name` by what a registered type is made. */
  readonly kind: string;
  /** Within the server's family it is this that keeps the object; elsewhere the server counts. */
  readonly #lease: Lease | undefined;
  /** Elsewhere: what another member of this family holds it for until the server has heard of us, and longer. */
  readonly #loan: Lease | undefined;
  readonly #given = { count: 1 };
  #isReleased = false;

  constructor(link: Link, id: ObjectId, kind: string, lease: Lease | undefined, loan?: Lease) {
    this.link = link;
    this.id = id;
    this.kind = kind;
    this.#lease = lease;
    this.#loan = loan;
    if (lease !== undefined) lease.isOfProxy = true;
    if (link.ref.near === undefined) collected.register(this, { link, id, given: this.#given }, this);
  }

  /** The name of its type. */
  get name(): string {
    return this.kind.slice(this.kind.indexOf(':') + 1);
  }

  /** The server has given it to this thread once more. */
  count(): void {
    this.#given.count++;
  }

  /** Calls a method; a rejection's stack shows both sides. */
  async call(method: string, args: readonly unknown[], options?: WaitOptions): Promise<unknown> {
    try {
      this.assertOpen();
      return await this.link.call(this.id, method, withOptions(args, options), options?.signal);
    } catch (error) {
      // What the caller gave is the caller's.
      throw error === options?.signal?.reason ? error : withCallers(error, `${this.name}.${method}()`);
    }
  }

  /** What a message to another member of this family holds; close it after that if `isLoan`. */
  lend(): { lease: Lease; isLoan: boolean } {
    this.assertOpen();
    if (this.#lease !== undefined) return { lease: this.#lease, isLoan: false };
    // While it is lent, the lender has it.
    loans ??= new Lender<Reference>(new Returns(), (reference) => reference.#returned());
    return { lease: loans.lend(this), isLoan: true };
  }

  /** This thread is done with it. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.link.cancelAll(this.id, () => this.#closedError());
    this.link.forget(this.id);
    if (this.#lease !== undefined) {
      this.#lease.close();
      return;
    }
    collected.unregister(this);
    if (!loans?.isLent(this)) this.#giveBack();
  }

  #returned(): void {
    if (this.#isReleased) this.#giveBack();
  }

  #giveBack(): void {
    this.link.release(this.id, this.#given.count);
    this.#loan?.close();
  }

  assertOpen(): void {
    if (this.#isReleased) throw this.#closedError();
  }

  #closedError(): ClosedError {
    return new ClosedError(`This ${this.name} was let go of here, by close() or by leaving its block.`);
  }
}

function withOptions(args: readonly unknown[], options: WaitOptions | undefined): readonly unknown[] {
  if (options === undefined) return args;
  readTimeout(options);
  options.signal?.throwIfAborted();
  return options.timeout === undefined ? args : [...args, { timeout: options.timeout }];
}
