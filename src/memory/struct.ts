/** A part of a structure in shared memory: how many words it takes, and where it may begin. */
export interface Part {
  /** The number of words of 32 bits. */
  readonly words: number;
  /** It begins on a word whose number is a multiple of this. */
  readonly align: number;
  /** It begins on this very word of the structure. */
  readonly from?: number;
}

/** A structure in shared memory: the first word of each part, and the number of words in all. It can be a part of another one. */
export interface Struct<Name extends string> extends Part {
  readonly at: { readonly [N in Name]: number };
}

/** The number of words of a cache line, which one writer should not share with another. */
const LINE = 16;

/** One word. */
export const word: Part = { words: 1, align: 1 };
/** A number of 64 bits. */
export const word64: Part = { words: 2, align: 2 };

/** Returns a part of this many words, one after the other. */
export function words(count: number): Part {
  return { words: count, align: 1 };
}

/** Returns a part that begins on a cache line of its own. */
export function line({ words }: Part = { words: LINE, align: 1 }): Part {
  return { words, align: LINE };
}

/** Returns a part that begins on this word of its structure. */
export function from(first: number, { words }: Part): Part {
  return { words, align: 1, from: first };
}

/** Places parts one after the other. Throws if one is to begin where another one is. */
export function struct<Name extends string>(parts: { readonly [N in Name]: Part }, start = 0): Struct<Name> {
  const at = {} as { [N in Name]: number };
  let next = start;
  let widest = 1;
  for (const [name, { words, align, from }] of Object.entries(parts) as [Name, Part][]) {
    const first = from ?? Math.ceil(next / align) * align;
    if (first < next) throw new Error(`${name} is to begin at word ${first}, before ${next}`);
    at[name] = first;
    next = first + words;
    widest = Math.max(widest, align);
  }
  return { at, words: next, align: widest };
}

/** The words of every shared object, from its offset. */
export const objectHeader = struct({
  /** Which class it is; written once. */
  kind: word,
  /** How many members hold it, and how many messages refer to it; written within the section that its place says. */
  holders: word,
});

/** Returns the words of a shared object: its parts come after the words that every object has. */
export function objectStruct<Name extends string>(parts: { readonly [N in Name]: Part }): Struct<Name> {
  return struct(parts, objectHeader.words);
}
