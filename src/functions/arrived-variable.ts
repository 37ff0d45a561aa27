/** The receiver's side of variables that functions of one script share: one object for each variable, for all functions that arrive. */
import type { ArrivingContent } from '../codec/captured-contents.ts';
import { isSharedObject } from '../codec/extension.ts';
import { SerializationError } from '../contracts/errors.ts';
import { family } from '../memory/family.ts';
import type { AnyFunction } from './any-function.ts';
import { Cell } from './cell.ts';
import { interned } from './interned.ts';
import { SharedVariable } from './shared-variable.ts';

/** The value of a variable does not exist yet, because it refers to itself. */
class NotYet extends SerializationError {}

/** A variable of another process's script. */
export class ArrivedVariable {
  readonly #cell: Cell | undefined;
  /** The version of the content that it was given last; 0 if there was none. */
  version = 0;
  /** The value that it was given; a cell may have another value since. */
  #given: unknown;
  #read: ArrivingContent['read'] | undefined;
  #root: (() => object | undefined) | undefined;
  /** The variables whose objects are inside its value, with the version of the content of each. */
  #parts: Map<ArrivedVariable, number> | undefined;
  /** Sets the variables of the functions that use a constant. */
  #users = new Set<WeakRef<() => void>>();
  #manyUsers = 16;
  /** The variable as which it is sent on. */
  #outgoing: SharedVariable | undefined;

  constructor(isCell: boolean) {
    if (!isCell) return;
    this.#cell = new Cell();
    ofCells.set(this.#cell, this);
  }

  /** Its place among the variables of a function. */
  get filling(): unknown {
    return this.#cell ?? this.#given;
  }

  expect({ version, read }: ArrivingContent): void {
    this.version = version;
    this.#read = read;
  }

  /** True if an object inside its value has been replaced since. */
  get isOutdated(): boolean {
    if (this.#parts !== undefined) for (const [part, version] of this.#parts) if (part.version !== version) return true;
    return false;
  }

  /** True if a content has come that was not read yet. */
  get isExpecting(): boolean {
    return this.#read !== undefined;
  }

  /** Drops a content that cannot be read. */
  cancel(): void {
    this.#read = undefined;
    this.version = 0;
  }

  /** Reads the content if a new one has come. */
  settle(): void {
    const read = this.#read;
    if (read === undefined) return;
    this.#read = undefined;
    const outer = renewed;
    const outerReading = reading;
    reading = this;
    this.#parts = undefined;
    renewed = typeof this.#given === 'function' ? (this.#given as AnyFunction) : undefined;
    try {
      this.#give(read((root) => (this.#root = root)));
    } catch (error) {
      // One that was not there yet is read again when it is.
      if (error instanceof NotYet) this.#read = read;
      else this.version = 0;
      throw error;
    } finally {
      this.#root = undefined;
      renewed = outer;
      reading = outerReading;
    }
  }

  #give(value: unknown): void {
    this.#given = value;
    if (typeof value === 'function') arrivedAs.set(value, this);
    if (this.#cell !== undefined) this.#cell.v = value;
    else {
      // It may be found inside of something else that is sent on.
      if (typeof value === 'object' && value !== null && !isSharedObject(value)) this.sentOn(value);
      for (const user of this.#users) user.deref()?.();
    }
  }

  /** Its value. Throws if there is none yet. */
  get needed(): unknown {
    if (this.#read !== undefined) this.settle();
    if (this.#root === undefined) return this.#given;
    const root = this.#root();
    if (root === undefined)
      throw new NotYet(
        'A function cannot be received: a value contains itself, and the way it is made does not allow that.',
        '',
      );
    return root;
  }

  /** The value, for a place inside of what another variable is given. */
  get asPart(): unknown {
    const value = this.needed;
    // A function stays the one that it is.
    if (typeof value !== 'function' && reading !== undefined) (reading.#parts ??= new Map()).set(this, this.version);
    return value;
  }

  /** The value, or `undefined` while it is being made. */
  get ifThere(): unknown {
    try {
      return this.needed;
    } catch (error) {
      if (error instanceof NotYet) return undefined;
      throw error;
    }
  }

  /** Calls `fill` when the constant gets another value, as long as another object refers to `fill`. */
  usedBy(fill: WeakRef<() => void>): void {
    this.#users.add(fill);
    if (this.#users.size < this.#manyUsers) return;
    for (const user of this.#users) if (user.deref() === undefined) this.#users.delete(user);
    this.#manyUsers = 2 * this.#users.size + 16;
  }

  /** Returns the variable as this process sends it to others: with what it holds here, `now`. */
  sentOn(now: unknown): SharedVariable {
    const isCell = this.#cell !== undefined;
    if (this.#outgoing === undefined || (!isCell && this.#outgoing.now !== now)) {
      this.#outgoing = new SharedVariable('', isCell, now);
    }
    this.#outgoing.now = now;
    return this.#outgoing;
  }
}

/** The variables, by the member that sent them and their number there. */
const variables = new Map<number, Map<number, ArrivedVariable>>();
const arrivedAs = new WeakMap<object, ArrivedVariable>();
const ofCells = new WeakMap<Cell, ArrivedVariable>();

/** The function that is brought up to date by the content that is being read. */
let renewed: AnyFunction | undefined;

/** The variable whose content is being read. */
let reading: ArrivedVariable | undefined;

/** Returns that function, for the first one of the content. */
export function takeRenewed(): AnyFunction | undefined {
  const fn = renewed;
  renewed = undefined;
  return fn;
}

/** Returns the variable of this cell. */
export function variableOfCell(cell: Cell): ArrivedVariable | undefined {
  return ofCells.get(cell);
}

/** Returns the variable whose value a function arrived as. */
export function arrivedVariable(fn: object): ArrivedVariable | undefined {
  return arrivedAs.get(fn);
}

/** Returns the variable that a sender gave this number. */
export function variableOf(sender: number, number: number): ArrivedVariable {
  let ofSender = variables.get(sender);
  if (ofSender === undefined) {
    const { members } = family();
    for (const other of variables.keys()) if (members.isGone(other)) variables.delete(other);
    variables.set(sender, (ofSender = new Map()));
  }
  return interned(ofSender, number, () => new ArrivedVariable((number & 1) === 1));
}

/** Gives variables the contents that came with a message, unless they have them. Returns true if a variable got a new content. */
export function takeContents(contents: readonly ArrivingContent[]): boolean {
  const expecting: ArrivedVariable[] = [];
  let before: number;
  do {
    before = expecting.length;
    for (const content of contents) {
      const variable = variableOf(content.sender, content.variable);
      if (variable.isExpecting || (variable.version === content.version && !variable.isOutdated)) continue;
      variable.expect(content);
      expecting.push(variable);
    }
    // One that is replaced may stand inside of another one.
  } while (expecting.length > before);
  try {
    for (const variable of expecting) settleIfPossible(variable);
    // What led back to another one that was being made.
    for (const variable of expecting) variable.settle();
    return expecting.length > 0;
  } catch (error) {
    for (const variable of expecting) if (variable.isExpecting) variable.cancel();
    throw error;
  }
}

function settleIfPossible(variable: ArrivedVariable): void {
  try {
    variable.settle();
  } catch (error) {
    if (!(error instanceof NotYet)) throw error;
  }
}
