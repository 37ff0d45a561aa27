/** The object with which bundlers replace a module's namespace. */
import { rememberOrigin } from './origins.ts';
import { standIn } from './stand-in.ts';

/** A member of it: a function that does nothing but look at a variable, `() => cube`; `() => cube.v` where it has arrived here. */
type Look = () => unknown;

const look = /^(\(\s*\)\s*=>\s*[\w$]+(\.[\w$]+)?|function\s*\(\s*\)\s*\{\s*return\s+[\w$]+(\.[\w$]+)?\s*;?\s*\})$/;

/**
 * Stands for such a namespace. The module with the variables of its members may not have run yet: the first call of the task may run it. Therefore the functions that read the variables
 * are sent, not their current values.
 */
export class LiveNamespace {
  readonly members: ReadonlyMap<string, Look>;
  /** True if the module was an ES module before it was compiled. */
  readonly isCompiled: boolean;

  private constructor(members: ReadonlyMap<string, Look>, isCompiled: boolean) {
    this.members = members;
    this.isCompiled = isCompiled;
  }

  private static readonly known = new WeakMap<object, LiveNamespace>();

  /** Returns the object for a namespace, always the same one; `undefined` for any other object. */
  static for(object: object): LiveNamespace | undefined {
    let known = LiveNamespace.known.get(object);
    if (known !== undefined) return known;
    const members = looksOf(object);
    if (members === undefined) return undefined;
    LiveNamespace.known.set(object, (known = new LiveNamespace(members, '__esModule' in object)));
    return known;
  }

  /** Gives a new object the members that arrived. */
  static fill(object: object, members: ReadonlyMap<string, Look>, isCompiled: boolean): void {
    if (isCompiled) Object.defineProperty(object, '__esModule', { value: true });
    for (const [name, get] of members) Object.defineProperty(object, name, { get, enumerable: true });
    rememberOrigin(object, new LiveNamespace(members, isCompiled));
  }
}

function looksOf(object: object): ReadonlyMap<string, Look> | undefined {
  const members = new Map<string, Look>();
  const all = Object.getOwnPropertyDescriptors(object) as Record<string, PropertyDescriptor>;
  for (const [name, { get, set, enumerable }] of Object.entries(all)) {
    if (name === '__esModule') continue;
    if (get === undefined || set !== undefined || enumerable !== true) return undefined;
    if (!look.test(Function.prototype.toString.call(get))) return undefined;
    members.set(name, get);
  }
  return members.size > 0 ? members : undefined;
}

standIn(LiveNamespace);
