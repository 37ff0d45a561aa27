import { type Field, type Reach, reach } from '../codec/extension.ts';

/** The numbers of the forms of functions, and of the objects that stand for parts of them. They are part of the wire format and never change. */
export const form = {
  IMAGE: 0,
  BOUND: 1,
  CELL: 2,
  HERE: 3,
  REQUIRE: 4,
  LATE_CLASS: 5,
  ADDRESS: 6,
  REGISTERED_CLASS: 7,
  WEAK_MAP: 8,
  WEAK_SET: 9,
  SYMBOL: 10,
  VARIABLE: 11,
  VALUE_OF: 12,
  NAMESPACE: 13,
  PROGRAM_NAMESPACE: 14,
} as const;

const TRUSTED = reach.TRUSTED;

/** The forms by their numbers: name, reach and fields of each. */
export const forms: readonly {
  readonly name: string;
  readonly reach: Reach;
  readonly fields: readonly Field[];
}[] = [
  { name: 'image', reach: TRUSTED, fields: ['rest'] },
  { name: 'bound', reach: TRUSTED, fields: ['value', 'value', 'uint32', 'rest'] },
  { name: 'cell', reach: TRUSTED, fields: ['value'] },
  { name: 'file', reach: TRUSTED, fields: ['string'] },
  { name: 'require', reach: TRUSTED, fields: ['string'] },
  { name: 'class to come', reach: TRUSTED, fields: ['uint32'] },
  { name: 'address', reach: TRUSTED, fields: ['uint32', 'string', 'uint32', 'rest'] },
  { name: 'registered class', reach: TRUSTED, fields: ['value'] },
  { name: 'WeakMap', reach: TRUSTED, fields: [] },
  { name: 'WeakSet', reach: TRUSTED, fields: [] },
  { name: 'symbol', reach: TRUSTED, fields: ['string'] },
  // By the member that sends it and a number of its own. What it holds goes beside the message.
  { name: 'shared variable', reach: reach.FAMILY, fields: ['uint32', 'uint32'] },
  { name: 'value of a shared variable', reach: reach.FAMILY, fields: ['uint32', 'uint32'] },
  { name: 'namespace', reach: TRUSTED, fields: ['uint32', 'uint32', 'rest'] },
  { name: 'namespace of the program', reach: TRUSTED, fields: ['uint32', 'rest'] },
];
