import { Lock, Process, registerClass } from 'multiproc';
import { encoders } from '#dist/codec/spares.js';
import { HEADER } from '#dist/codec/tags.js';
import { departing } from '#dist/process/departing.js';
import type { Canary } from './canary.ts';

/** What a stranger would like the receiver to use: the address, the source and the module of a canary, in all guises. */
export interface Lures {
  readonly texts: readonly string[];
  /** Values as they stand in a message. */
  readonly values: readonly Uint8Array[];
  /** Those of them that name an address. */
  readonly places: readonly Uint8Array[];
  /** Whole messages, as a member of the family would write them. */
  readonly messages: readonly Uint8Array[];
}

/** Texts that have a meaning somewhere in the library. */
const texts = [
  'dict',
  'queue',
  'shared:x',
  '__proto__',
  'constructor',
  'then',
  'length',
  'iv',
  '1000000',
  '4294967294',
];

/** The lures of a canary. `isTrusted`: those who have the key may have code run, so there are none that do. */
export function luresOf({ address, source, module }: Canary, isTrusted: boolean): Lures {
  const port = Number(address.split(':')[1]);
  const data = [{ address, authKey: 'the key of a stranger' }, { address }, address, { host: '127.0.0.1', port }];
  const messages = (isTrusted ? data : [...data, ...makersOf(source)]).map(messageOf);
  return {
    texts: isTrusted ? [...texts, address] : [...texts, address, source, 'process', 'global', module],
    values: valuesOf(messages),
    places: valuesOf(messages.slice(0, data.length)),
    messages,
  };
}

function valuesOf(messages: readonly Uint8Array[]): Uint8Array[] {
  return messages.filter((message) => message[0] === HEADER).map((message) => message.subarray(1));
}

/** What runs a text when it is made in another process. */
function makersOf(source: string): unknown[] {
  const home = process.pid;
  const run = (text: string): void => {
    if (process.pid !== home) new Function(text)();
  };
  class Runs {
    readonly ran = run(source);
    static readonly ran = run(source);
  }
  class Hooked {}
  registerClass(Hooked, { encode: () => source, decode: (text) => run(text) as never });
  class Started extends Process {
    readonly ran = run(source);
  }
  return [run, Runs, new Hooked(), run.bind(undefined, source), new Started(), new Lock()];
}

/** A process is sent as its own start sends it. */
function messageOf(value: unknown): Uint8Array {
  return encoders.with((encoder) => {
    const { bytes, length } = departing(value as object, () => encoder.encode(value, ''));
    return Uint8Array.from(bytes.subarray(0, length));
  });
}
