import { reach } from '../../codec/extension.ts';
import type { AnyFunction } from '../../contracts/executor.ts';
import { UnchangedLook } from '../../functions/unchanged-look.ts';
import { lazy } from '../../loading/lazy.ts';
import { hashOf } from '../code/manifest.ts';
import type { OutgoingCode } from '../code/outgoing-code.ts';
import { packWithModules } from '../packed.ts';
import { writeLetter } from './letter.ts';

const capture = lazy(() => require('../../functions/capture.ts') as typeof import('../../functions/capture.ts'));

/** A function that is stored in the server. */
export interface Stored {
  readonly hash: string;
  readonly name: string;
  /** The number of tasks that have not ended. */
  tasks: number;
}

/** The largest number of functions without a task that stay stored, for later tasks. */
const MOST_IDLE = 64;

/** The functions of one pool: each is packed once as long as its variables stay the same, and stored under the SHA-256 of its bytes. */
export class FunctionStore {
  readonly #latest = new WeakMap<AnyFunction, Stored>();
  readonly #byHash = new Map<string, Stored>();
  /** In the order in which they became idle. */
  readonly #idle = new Set<Stored>();
  readonly #store: (hash: string, bytes: Uint8Array) => void;
  readonly #drop: (hash: string) => void;
  readonly #look = new UnchangedLook((fn) => capture().isUnchanged(fn));
  readonly #code: OutgoingCode;

  constructor(code: OutgoingCode, store: (hash: string, bytes: Uint8Array) => void, drop: (hash: string) => void) {
    this.#code = code;
    this.#store = store;
    this.#drop = drop;
  }

  /** Prepares a function for one more task. Throws a `SerializationError` if it cannot be sent. */
  borrow(fn: AnyFunction): Stored {
    const latest = this.#latest.get(fn);
    const isKnown = latest !== undefined && this.#byHash.get(latest.hash) === latest && this.#look.isUnchanged(fn);
    const stored = isKnown ? latest : this.#pack(fn);
    this.#latest.set(fn, stored);
    this.#idle.delete(stored);
    stored.tasks++;
    return stored;
  }

  /** A task that named the function has ended. */
  giveBack(stored: Stored): void {
    if (--stored.tasks > 0) return;
    this.#idle.add(stored);
    if (this.#idle.size <= MOST_IDLE) return;
    const [oldest] = this.#idle;
    this.#idle.delete(oldest!);
    this.#byHash.delete(oldest!.hash);
    this.#drop(oldest!.hash);
  }

  #pack(fn: AnyFunction): Stored {
    const { packed: message, code } = this.#code.collect(() => packWithModules(fn, 'fn', reach.TRUSTED));
    const bytes = writeLetter({ modules: message.modules, ...(code !== undefined && { code }) }, message.packed);
    const hash = hashOf(bytes);
    let stored = this.#byHash.get(hash);
    if (stored === undefined) {
      stored = { hash, name: typeof fn.name === 'string' ? fn.name : '', tasks: 0 };
      this.#store(hash, bytes);
      this.#byHash.set(hash, stored);
    }
    return stored;
  }
}
