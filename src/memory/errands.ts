import { wordIndex } from './heap.ts';
import { layout } from './layout.ts';
import { field, type Members } from './members.ts';

const COUNT = wordIndex(layout.errands);

/**
 * Members that must be woken by another member than the one that wants to: the kernel does not let a process open the bell of another
 * user's process. A parent holds the bells of its children, and a child holds its parent's bell, so an errand goes along the family tree.
 * It is stored in the record of the member that must be woken.
 */
export class Errands {
  readonly #members: Members;
  readonly #me: number;
  /** The number of errands at this thread's last check. */
  #seen = 0;

  constructor(members: Members, me: number) {
    this.#members = members;
    this.#me = me;
  }

  /** Notes that the member must be woken; returns the members that can do it, the best first. */
  leave(member: number): number[] {
    const { words } = this.#members;
    this.#members.set(member, field.errand, 1);
    // SYNC(errand): a member that finds another number finds the errand.
    Atomics.add(words, COUNT, 1);
    const above = this.#ancestors(member);
    const mine = above.indexOf(this.#me);
    // Once the errand has come to an ancestor, it only goes down, so it comes to an end.
    return mine === -1 ? [...above, ...this.#ancestors(this.#me).slice(0, 1)] : above.slice(0, mine).reverse();
  }

  /** Calls `wake` for each member that others could not wake. */
  run(wake: (member: number) => void): void {
    // SYNC(errand)
    const count = Atomics.load(this.#members.words, COUNT);
    if (count === this.#seen) return;
    this.#seen = count;
    for (const member of this.#members.all()) {
      if (member !== this.#me && this.#members.exchange(member, field.errand, 0) === 1) wake(member);
    }
  }

  /** Returns the ancestors, from its parent to the root. */
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
