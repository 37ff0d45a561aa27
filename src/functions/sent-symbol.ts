import { interned } from './interned.ts';
import { standIn } from './stand-in.ts';

/** Stands for a captured symbol: a well-known or registered one arrives as itself, any other as a new one, the same throughout the message. */
export class SentSymbol {
  readonly spelling: string;

  private constructor(spelling: string) {
    this.spelling = spelling;
  }

  /** Only this process has it. */
  get isUnique(): boolean {
    return this.spelling[0] === '~';
  }

  private static readonly known = new Map<string, SentSymbol>();
  private static readonly unique = new WeakMap<symbol, SentSymbol>();

  /** Returns the object for a symbol, always the same one. */
  static for(symbol: symbol): SentSymbol {
    const spelling = spellSymbol(symbol);
    if (spelling !== undefined) return interned(SentSymbol.known, spelling, () => new SentSymbol(spelling));
    return interned(SentSymbol.unique, symbol, () => new SentSymbol(`~${symbol.description ?? ''}`));
  }
}

standIn(SentSymbol);

let wellKnown: Map<unknown, string> | undefined;

/** Returns a spelling for a symbol that every process has; undefined for one that only this process knows. */
export function spellSymbol(symbol: symbol): string | undefined {
  const all = Symbol as unknown as Record<string, unknown>;
  wellKnown ??= new Map(Object.getOwnPropertyNames(Symbol).map((name) => [all[name], `@${name}`]));
  const registered = Symbol.keyFor(symbol);
  return registered === undefined ? wellKnown.get(symbol) : `#${registered}`;
}

/** Returns the symbol that a spelling means. */
export function symbolFor(spelling: string): symbol {
  const rest = spelling.slice(1);
  if (spelling[0] === '#') return Symbol.for(rest);
  const wellKnown = spelling[0] === '@' ? (Symbol as unknown as Record<string, unknown>)[rest] : undefined;
  return typeof wellKnown === 'symbol' ? wellKnown : Symbol(rest);
}
