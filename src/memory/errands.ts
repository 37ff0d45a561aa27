import { wordIndex } from './heap.ts';
import { layout } from './layout.ts';
import { field, type Members } from './members.ts';

const COUNT = wordIndex(layout.errands);

/**
 * Members that are to be woken by somebody else than who wanted to: the kernel lets no process open the bell of one that belongs to
 * another user. A parent holds the bells of its children, and a child that of its parent, so an errand goes along the family tree.
 * It stands in the record of the one that is to be woken.
 */
export class Errands {
  readonly #members: Members;
  readonly #me: number;
  /** How many errands there had been when this thread looked last. */
  #seen = 0;

  constructor(members: Members, me: number) {
    this.#members = members;
    this.#me = me;
  }

  /** Notes that the member is to be woken; answers who may do it, the best first. */
  leave(member: number): number[] {
    const { words } = this.#members;
    this.#members.set(member, field.errand, 1);
    // SYNC(errand): who finds another number finds the errand.
    Atomics.add(words, COUNT, 1);
    const above = this.#ancestors(member);
    const mine = above.indexOf(this.#me);
    // Once it has come to an ancestor it only goes down, so it comes to an end.
    return mine === -1 ? [...above, ...this.#ancestors(this.#me).slice(0, 1)] : above.slice(0, mine).reverse();
  }

  /** Calls `wake` for each member that was left to others. */
  run(wake: (member: number) => void): void {
    // SYNC(errand)
    const count = Atomics.load(this.#members.words, COUNT);
    if (count === this.#seen) return;
    this.#seen = count;
    for (const member of this.#members.all()) {
      if (member !== this.#me && this.#members.exchange(member, field.errand, 0) === 1) wake(member);
    }
  }

  /** From its parent to the root. */
  #ancestors(member: number): number[] {
    const found: number[] = [];
    let each = this.#members.get(member, field.parent);
    while (each !== 0 && !this.#members.isKnownGone(each)) {
      found.push(each);
      each = this.#members.get(each, field.parent);
    }
    return found;
  }
}
