import { ClosedError, SerializationError } from '../contracts/errors.ts';
import { readName } from '../contracts/options.ts';
import { refuseObjectWhereLoaded } from '../loading/loaded-for-functions.ts';
import { createObject } from './create-object.ts';
import { type Family, family } from './family.ts';
import { letGoOf } from './object-kinds.ts';

/** Names an existing object: given to a constructor in place of the user's arguments. */
export class Existing {
  readonly offset: number;
  /** The name that came with it. */
  readonly name: string | undefined;
  constructor(offset: number, name?: string) {
    this.offset = offset;
    this.name = name;
  }
}

/** Returns the place of a shared object, for code that builds or sends it. Throws a `ClosedError` if it is closed. */
export let locate: (object: SharedObject) => { family: Family; offset: number };

/** Returns the name that a shared object was given, `undefined` if it has none. */
export let nameOf: (object: SharedObject) => string | undefined;

/** Returns the object at `offset` if this thread has it already. */
export function knownObject(offset: number): SharedObject | undefined {
  return here.get(offset)?.deref();
}

/**
 * Code that reads an object property by property, such as `postMessage`, `process.send` or JSON, would make a useless copy for a receiver
 * outside the family. This property makes it fail, with Python's words.
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

/** The objects that this thread holds, so that one shared object is one object in this thread too. */
const here = new Map<number, WeakRef<SharedObject>>();

/** What a member gives up when it releases an object: the count, and the entry of its reference table for the count. */
interface Hold {
  readonly family: Family;
  readonly offset: number;
  readonly entry: number;
}

const collected = new FinalizationRegistry<Hold>(({ family, offset, entry }) => {
  // The same object may have arrived again in the meantime.
  if (here.get(offset)?.deref() === undefined) here.delete(offset);
  letGoOf(family, offset, entry);
});

/**
 * The base of all objects in the family's heap that can be sent to any of its members: an offset, and one count of the holding members.
 * When the object is collected in this process, or closed, this member releases it.
 */
export abstract class SharedObject {
  static {
    // Friends of the class, not on its public face.
    locate = (object) => {
      object.assertOpen();
      return { family: object.#family, offset: object.#offset };
    };
    nameOf = (object) => object.#name;
  }

  readonly #family: Family;
  readonly #offset: number;
  /** The entry of the family's reference table for this member's count. */
  readonly #entry: number;
  readonly #name: string | undefined;
  #closed = false;

  /** `make` is the number of words that the object needs, or an `Existing` object. `options` are those of the user, for a new object. */
  constructor(kind: number, make: number | Existing, options?: object) {
    this.#name = make instanceof Existing ? make.name : readName(options);
    if (!(make instanceof Existing)) refuseObjectWhereLoaded(new.target.name);
    const mine = family();
    this.#family = mine;
    if (make instanceof Existing) {
      this.#offset = make.offset;
      this.#entry = mine.counts.hold(make.offset);
    } else {
      const { object, entry } = createObject(mine, kind, { words: make });
      this.#offset = object;
      this.#entry = entry;
    }
    here.set(this.#offset, new WeakRef(this));
    collected.register(this, { family: mine, offset: this.#offset, entry: this.#entry }, this);
    Object.defineProperty(this, 'familyOnly', familyOnly);
  }

  /** Ends the use of the object in this process: every later call but `close()` throws a `ClosedError`. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    collected.unregister(this);
    here.delete(this.#offset);
    letGoOf(this.#family, this.#offset, this.#entry);
  }

  /** Closes the object at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `${titleOf(this)} (${this.#closed ? 'closed' : `at ${this.#offset} of the family's heap`})`;
  }

  /** @internal */
  protected assertOpen(): void {
    if (this.#closed) throw closedError(this);
  }
}

/** Returns the class of an object and the name that it was given, for people: "Queue 'jobs'". */
export function titleOf(object: object): string {
  const name = object instanceof SharedObject ? nameOf(object) : undefined;
  return name === undefined ? object.constructor.name : `${object.constructor.name} '${name}'`;
}

/** Returns the error of a call of a closed object. */
export function closedError(object: object): ClosedError {
  return new ClosedError(
    `This ${titleOf(object)} is closed: close() or leaving its block let go of it in this process.`,
  );
}
