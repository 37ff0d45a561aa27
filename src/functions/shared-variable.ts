/**
 * The sender's side of variables that functions of one script share: those of its top level, of which there is one instance for certain.
 * README.md has the rule.
 */
import {
  type Capture,
  CONTENT_WORDS,
  type Content,
  standFor,
  standInFor,
  truncate,
} from '../codec/captured-contents.ts';
import type { ValueWriter } from '../codec/extension.ts';
import type { Message } from '../codec/message-writer.ts';
import { encoders } from '../codec/spares.ts';
import { family } from '../memory/family.ts';
import { isStored } from '../ring/envelope.ts';
import { FollowedData } from './followed-data.ts';
import { isFrozenData } from './frozen-data.ts';
import { noteEncoded } from './heavy-captures.ts';
import { standIn } from './stand-in.ts';

let lastNumber = 0;
let lastVersion = 0;

const NONE: ReadonlySet<SharedVariable> = new Set();
const NO_MODULES: readonly string[] = [];

/** The number of bytes from which encoding a value takes longer than comparing it or proving that it stays the same. */
const WORTH_FOLLOWING = 2 ** 14;

/** What is known of a variable beyond what it holds. */
interface Certainty {
  /** Returns whether what it holds can never be encoded in another way. */
  readonly isFixed?: (() => boolean) | undefined;
  /** Returns whether nobody else can change the data that it holds. */
  readonly isPrivate?: (() => boolean) | undefined;
}

/** A variable, or a function that is declared, at the top level of a script. In a message it stands for the variable itself. */
export class SharedVariable {
  /** Odd for a cell. */
  readonly number: number;
  /** What the script calls it. */
  readonly name: string;
  /** It is assigned somewhere: the text says `name.v`. */
  readonly isCell: boolean;
  /** Stands for its value where that is found in other places. */
  readonly value: ValueOf;
  /** What it holds now; of a cell only while it is written, so that it keeps nothing alive. */
  now: unknown;
  /** The variables that its content names. */
  needs: ReadonlySet<SharedVariable> = NONE;
  modules = NO_MODULES;
  /** What was encoded last. */
  readonly last: { content: Content | undefined } = { content: undefined };
  /** Whether what it holds can never be encoded in another way. */
  readonly isFixed: () => boolean;
  /** So much was encoded last that it is worth while to know whether it has changed. */
  isLarge = false;
  /** What was found in it, where that is large and was encoded twice in the same way. */
  followed: FollowedData | undefined;
  /** It has been tried to follow what was encoded last. */
  wasTried = false;

  /** A constant is found again in other places by what it holds. Where that is large data, `isPrivate` is asked whether nobody can change it. */
  constructor(name: string, isCell: boolean, now: unknown, { isFixed, isPrivate = () => false }: Certainty = {}) {
    this.name = name;
    this.number = (lastNumber += 2) + (isCell ? 1 : 0);
    this.isCell = isCell;
    this.now = now;
    this.value = new ValueOf(this);
    let isFrozen: boolean | undefined;
    const isUnchangeable = () => (isFrozen ||= isFrozenData(this.now)) || (this.isLarge && isPrivate());
    this.isFixed = isCell ? () => false : (isFixed ?? isUnchangeable);
    if (!isCell && typeof now === 'object' && now !== null && standInFor(now) === undefined) standFor(now, this.value);
    collected.register(this, this.last);
  }
}

/** In a message it stands for what a variable holds. */
export class ValueOf {
  readonly variable: SharedVariable;

  constructor(variable: SharedVariable) {
    this.variable = variable;
  }
}

standIn(SharedVariable);
standIn(ValueOf);

/** Nobody needs the content of a variable that is gone. */
const collected = new FinalizationRegistry<{ content: Content | undefined }>(({ content }) => content?.release());

/** Sends what a variable holds, and all that this needs in turn, with the message that names the variable. */
export function send(variable: SharedVariable, out: ValueWriter): void {
  const capture = (out.capture ??= { seen: new Set(), sent: new Set() });
  look(variable, out, capture);
  out.needs?.add(variable);
  if (out.needs === undefined) attach(variable, out, capture);
}

function attach(variable: SharedVariable, out: ValueWriter, capture: Capture): void {
  if (capture.sent.has(variable)) return;
  capture.sent.add(variable);
  out.attach(variable.last.content as Content, variable.modules);
  for (const needed of variable.needs) attach(needed, out, capture);
}

/** Encodes what the variable holds, once a message, unless that cannot have changed. */
function look(variable: SharedVariable, out: ValueWriter, capture: Capture): void {
  try {
    if (!capture.seen.has(variable)) lookAnew(variable, out, capture);
  } finally {
    if (variable.isCell) variable.now = undefined;
  }
}

function lookAnew(variable: SharedVariable, out: ValueWriter, capture: Capture): void {
  const { size } = capture.seen;
  capture.seen.add(variable);
  try {
    if (variable.last.content !== undefined && (variable.isFixed() || variable.followed?.isUnchanged(variable.now))) {
      for (const needed of variable.needs) look(needed, out, capture);
    } else encode(variable, out, capture);
  } catch (error) {
    // What was seen since may name it.
    truncate(capture.seen, size);
    throw error;
  }
}

function encode(variable: SharedVariable, out: ValueWriter, capture: Capture): void {
  const { now, last } = variable;
  const standIn = typeof now === 'object' && now !== null ? standInFor(now) : undefined;
  const isItself = standIn === undefined || standIn === variable.value;
  const needs = new Set<SharedVariable>();
  encoders.with((encoder) => {
    const message = encoder.encodeContent(now, isItself, out.path(), capture, needs);
    noteEncoded(variable.name, message.length);
    variable.isLarge = message.length >= WORTH_FOLLOWING || message.blobs.length > 0;
    variable.needs = needs;
    variable.modules = message.modules;
    if (!isSame(last.content, message)) {
      keep(variable, message);
      unfollow(variable);
    } else if (isItself && variable.isLarge) follow(variable);
  });
}

/** Makes the next looks compare what the variable holds, where that is possible. */
function follow(variable: SharedVariable): void {
  const { now, needs, wasTried } = variable;
  if (wasTried || needs.size > 0) return;
  variable.wasTried = true;
  const held = new WeakRef(variable);
  variable.followed = FollowedData.of(now as object, () => {
    const variable = held.deref();
    if (variable !== undefined) unfollow(variable);
  });
}

function unfollow(variable: SharedVariable): void {
  variable.followed = undefined;
  variable.wasTried = false;
}

function isSame(last: Content | undefined, message: Message): boolean {
  if (last === undefined || last.handles.length > 0) return false;
  if (last.offset !== 0) return isStored(family(), last.offset, CONTENT_WORDS, message);
  return message.blobs.length === 0 && message.handles.length === 0 && isEqual(last, message);
}

function isEqual(last: Content, { bytes, length }: Message): boolean {
  return Buffer.compare(last.bytes, bytes.subarray(0, length)) === 0;
}

function keep({ number, last }: SharedVariable, message: Message): void {
  const { content: before } = last;
  const { bytes, length, blobs, handles } = message;
  // A content with handles is stored again each time, although it is the same.
  const isSameAgain =
    before !== undefined &&
    blobs.length === 0 &&
    before.blobs.length === 0 &&
    before.handles.length === handles.length &&
    before.handles.every((handle, i) => handle === handles[i]) &&
    isEqual(before, message);
  before?.release();
  last.content = {
    sender: family().me,
    variable: number,
    version: isSameAgain ? before.version : ++lastVersion,
    bytes: new Uint8Array(bytes.subarray(0, length)),
    blobs: blobs.slice(),
    handles: handles.slice(),
    offset: 0,
    release() {},
  };
}
