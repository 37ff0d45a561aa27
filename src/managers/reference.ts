import { ClosedError } from '../contracts/errors.ts';
import { readTimeout, type WaitOptions } from '../contracts/options.ts';
import { withCallers } from '../engine/caller-stack.ts';
import { type Lease, Returns } from './lease.ts';
import { Lender } from './lender.ts';
import type { Link } from './link.ts';
import type { ObjectId } from './messages.ts';

/** The objects that a thread outside the server's family has lent to other members of its own family. */
let loans: Lender<Reference> | undefined;

/** Tells the server when its client has released an object; `count` is the number of times that the client was given it. */
const collected = new FinalizationRegistry<{ link: Link; id: ObjectId; given: { count: number } }>(
  ({ link, id, given }) => link.release(id, given.count),
);

/** What keeps an object for this thread. */
interface Keeping {
  /** Within the server's family. */
  readonly lease?: Lease | undefined;
  /** Elsewhere: the hold of another member of this family. */
  readonly loan?: Lease | undefined;
}

/** The reference of a proxy: an object of a server, and this thread's share in keeping the object. */
export class Reference {
  readonly link: Link;
  readonly id: ObjectId;
  /** The kind of its proxies: a built-in type, or `class:name` or `shared:name`, depending on how a registered type is made. */
  readonly kind: string;
  /** Within the server's family this lease keeps the object; elsewhere the server counts. */
  readonly #lease: Lease | undefined;
  /** Elsewhere: the hold of another member of this family, which lasts at least until the server has heard of us. */
  readonly #loan: Lease | undefined;
  readonly #given = { count: 1 };
  #isReleased = false;

  constructor(link: Link, id: ObjectId, kind: string, { lease, loan }: Keeping) {
    this.link = link;
    this.id = id;
    this.kind = kind;
    this.#lease = lease;
    this.#loan = loan;
    if (lease !== undefined) lease.isOfProxy = true;
    if (link.ref.near === undefined) collected.register(this, { link, id, given: this.#given }, this);
  }

  get name(): string {
    return this.kind.slice(this.kind.indexOf(':') + 1);
  }

  /** The server has given the object to this thread once more. */
  count(): void {
    this.#given.count++;
  }

  /** Calls a method; the stack of a rejection shows both sides. */
  async call(method: string, args: readonly unknown[], options?: WaitOptions): Promise<unknown> {
    try {
      this.assertOpen();
      return await this.link.call(this.id, method, withOptions(args, options), options?.signal);
    } catch (error) {
      // A signal's reason belongs to the caller.
      throw error === options?.signal?.reason ? error : withCallers(error, `${this.name}.${method}()`);
    }
  }

  /** Returns the lease that a message to another member of this family must hold; close it afterwards if `isLoan`. */
  lend(): { lease: Lease; isLoan: boolean } {
    this.assertOpen();
    if (this.#lease !== undefined) return { lease: this.#lease, isLoan: false };
    // While it is lent, the lender has it.
    loans ??= new Lender<Reference>(new Returns(), (reference) => reference.#returned());
    return { lease: loans.lend(this), isLoan: true };
  }

  /** This thread does not use the object any more. */
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
    return new ClosedError(`This ${this.name} was released here, by close() or by leaving its block.`);
  }
}

function withOptions(args: readonly unknown[], options: WaitOptions | undefined): readonly unknown[] {
  if (options === undefined) return args;
  readTimeout(options);
  options.signal?.throwIfAborted();
  return options.timeout === undefined ? args : [...args, { timeout: options.timeout }];
}
