import { ClosedError, SerializationError } from '../errors.ts';
import { refuseObjectWhereLoaded } from '../loaded-for-functions.ts';
import { type Family, family, objectField, releaseObject, retainObject } from './family.ts';
import { wordIndex } from './heap.ts';

/** Names an object that exists already: given to a constructor in place of the user's arguments. */
export class Existing {
  readonly offset: number;
  constructor(offset: number) {
    this.offset = offset;
  }
}

/** Where a shared object stands, for those who build it or send it; a `ClosedError` where it is closed. */
export let locate: (object: SharedObject) => { family: Family; offset: number };

/** The object at `offset` as this thread already has it. */
export function knownObject(offset: number): SharedObject | undefined {
  return here.get(offset)?.deref();
}

/**
 * What reads an object member by member, as `postMessage`, `process.send` or JSON do, would make a dead thing of it for somebody
 * who is not in the family: it meets this member, and fails with Python's words.
 */
const familyOnly: PropertyDescriptor = {
  enumerable: true,
  get(this: SharedObject): never {
    const { name } = this.constructor;
    throw new SerializationError(
      `${name} objects should only be shared between processes through inheritance: pass it to a Process, a Pool or a Queue of its own family, not to somebody else's thread or process.`,
      '',
    );
  },
};

/** What this thread holds, so that one shared object is one object here too. */
const here = new Map<number, WeakRef<SharedObject>>();

/** What a member gives up when it lets go of an object: the count, and the entry of its holdings that says so. */
interface Hold {
  readonly family: Family;
  readonly offset: number;
  readonly entry: number;
}

const collected = new FinalizationRegistry<Hold>(({ family, offset, entry }) => {
  // The same object may have arrived anew in the meantime.
  if (here.get(offset)?.deref() === undefined) here.delete(offset);
  family.holdings.remove(entry);
  releaseObject(family, offset);
});

/**
 * The base of everything that lives in the family's heap and can be passed to any member of it: an offset, and one count of
 * the members that hold it. When it is collected here, or closed, this member lets go of it.
 */
export abstract class SharedObject {
  static {
    // Friends of the class, kept off its public face.
    locate = (object) => {
      object.assertOpen();
      return { family: object.#family, offset: object.#offset };
    };
  }

  readonly #family: Family;
  readonly #offset: number;
  /** Where the family's holdings say that this member holds the object. */
  readonly #entry: number;
  #closed = false;

  /** `make` is what the object needs in words to start with, or an `Existing` one. */
  constructor(kind: number, make: number | Existing) {
    if (!(make instanceof Existing)) refuseObjectWhereLoaded(new.target.name);
    const mine = family();
    this.#family = mine;
    // First, since it may fail, and a count that stands nowhere is never given up.
    mine.holdings.reserve(1);
    if (make instanceof Existing) {
      this.#offset = make.offset;
      retainObject(mine, make.offset);
    } else {
      this.#offset = mine.allocator.allocate(make * 4, 0);
      const words = mine.heap.words(this.#offset);
      const at = wordIndex(this.#offset);
      words.fill(0, at, at + make);
      words[at + objectField.kind] = kind;
      words[at + objectField.holders] = 1;
    }
    this.#entry = mine.holdings.add(this.#offset);
    here.set(this.#offset, new WeakRef(this));
    collected.register(this, { family: mine, offset: this.#offset, entry: this.#entry }, this);
    Object.defineProperty(this, 'familyOnly', familyOnly);
  }

  /** Lets go of the object: this process is done with it, every later use but another close is a `ClosedError`. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    collected.unregister(this);
    here.delete(this.#offset);
    this.#family.holdings.remove(this.#entry);
    releaseObject(this.#family, this.#offset);
  }

  /** Closes it at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.#closed
      ? `${this.constructor.name} (closed)`
      : `${this.constructor.name} (at ${this.#offset} of the family's heap)`;
  }

  /** @internal */
  protected assertOpen(): void {
    if (this.#closed) throw closedError(this);
  }
}

/** What a closed object answers. */
export function closedError(object: object): ClosedError {
  const { name } = object.constructor;
  return new ClosedError(`This ${name} is closed: close() or leaving its block let go of it in this process.`);
}
