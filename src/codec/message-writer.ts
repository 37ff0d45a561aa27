import { SerializationError } from '../contracts/errors.ts';
import type { SentBuffers } from './buffer-table.ts';
import { ByteWriter, MessageTooLarge } from './byte-writer.ts';
import { type Capture, type Content, truncate } from './captured-contents.ts';
import { Claims } from './claims.ts';
import { type Form, type Reach, reach } from './extension.ts';
import { Identities } from './identities.ts';
import { RAW, renderPath } from './path.ts';
import { SentShapes } from './shapes.ts';
import { HAS_BUFFERS, HAS_REFERENCES, HEADER, HOLES, MAX_DEPTH, REFERENCE } from './tags.ts';

/** An encoded value. */
export interface Message {
  /** The encoder's scratch memory as words and as bytes: valid until its next `encode`. The message is its first `length` bytes. */
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  readonly length: number;
  /** Large binaries, in the order of their numbers: views onto the sender's own memory, not copies. */
  readonly blobs: Uint8Array[];
  /** Offsets in the heap of the shared objects that the message refers to. */
  readonly handles: number[];
  /** URLs of modules that the receiver should import before it decodes. */
  readonly modules: string[];
  /** The contents of the variables that the message names: see captured-contents.ts. */
  readonly contents: Content[];
}

/** The number of levels of an error's property that are replaced one by one. */
const PIECEWISE = 100;
const NO_BLOBS: Uint8Array[] = [];
const NO_HANDLES: number[] = [];
const NO_MODULES: string[] = [];
const NO_CONTENTS: Content[] = [];

/**
 * A message under construction: where the writing stands and what goes with the bytes, how a path is named in errors, and how a part that
 * cannot be sent is taken back or replaced. `Encoder` writes the values.
 */
export abstract class MessageWriter extends ByteWriter implements Message {
  length = 0;
  blobs = NO_BLOBS;
  handles = NO_HANDLES;
  modules = NO_MODULES;
  contents = NO_CONTENTS;
  captured = false;
  capture: Capture | undefined;
  needs: Set<object> | undefined;
  content: unknown;

  reach: Reach = reach.FAMILY;
  readonly claims = new Claims();
  protected root = '';
  protected depth = 0;
  /** True while a property of an error is written piece by piece: what cannot be sent is replaced by a sentence. */
  protected salvaging = false;
  /** The level of the error whose property is written: paths begin there. -1 outside of errors. */
  protected errorLevel = -1;
  /** The path to the value being written: steps 1 to depth, for error messages. */
  protected readonly steps: (string | number)[] = new Array(64).fill('');
  protected readonly kinds = new Uint8Array(MAX_DEPTH + 2);
  protected identities = new Identities();
  protected referenced = false;
  protected readonly shapes = new SentShapes();
  /** Names the message or section under construction, see SentShape. */
  protected epoch = 0;
  protected lastEpoch = 0;
  protected shapeCount = 0;
  /** The forms of the extension that writes. */
  protected forms: readonly Form[] = [];
  protected buffers: SentBuffers | undefined;

  /** Writes one value, tag included. */
  abstract write(value: unknown): void;

  /** Begins a message. Paths in errors begin with `root`; `far` says who will read the message. */
  protected begin(root: string, far: Reach): void {
    this.root = root;
    this.reach = far;
    this.claims.restart();
    this.restart();
    this.position = 1;
  }

  /** Completes the message, whose value has been written. */
  protected finish(): void {
    let header = HEADER;
    if (this.referenced) header |= HAS_REFERENCES;
    if (this.buffers !== undefined && this.buffers.count > 0) {
      header |= HAS_BUFFERS;
      const table = this.position;
      this.blobs = this.buffers.write(this, NO_BLOBS);
      this.word(table);
    }
    this.bytes[0] = header;
    this.length = this.position;
  }

  /** Forgets what was needed for the message, which was completed or has failed. */
  protected end(): void {
    if (this.identities.count > 0) this.forget();
    this.depth = 0;
    this.salvaging = false;
    this.errorLevel = -1;
    this.captured = false;
    this.capture = undefined;
  }

  override restart(): void {
    super.restart();
    // Senders keep these arrays, so they are never changed.
    this.blobs = NO_BLOBS;
    this.handles = NO_HANDLES;
    this.modules = NO_MODULES;
    this.contents = NO_CONTENTS;
  }

  protected forget(): void {
    this.identities.truncate(0);
    this.referenced = false;
    this.shapes.restart();
    this.epoch = ++this.lastEpoch;
    this.shapeCount = 0;
    this.buffers = undefined;
  }

  protected explain(error: unknown): unknown {
    if (error instanceof MessageTooLarge) {
      return new SerializationError(
        'The value takes more than 1 GiB; put large data into typed arrays, which travel beside the message.',
        this.root,
      );
    }
    return isStackOverflow(error) ? this.refusal('it is nested too deeply') : error;
  }

  refuse(reason: string): never {
    throw this.refusal(reason);
  }

  protected refusal(reason: string): SerializationError {
    const path = this.path();
    const shown = path.length > 300 ? `${path.slice(0, 200)} … ${path.slice(-80)}` : path;
    return new SerializationError(`Cannot send ${shown === '' ? 'this value' : shown}: ${reason}.`, path);
  }

  /** Begins a level of nesting whose steps are of the given kind; `depth--` ends it. */
  protected enter(kind: number): number {
    const depth = ++this.depth;
    if (depth > MAX_DEPTH) {
      this.depth--;
      this.refuse(`it is nested too deeply (more than ${MAX_DEPTH} levels)`);
    }
    this.kinds[depth] = kind;
    return depth;
  }

  /** Runs `write` on a level of its own. */
  protected nested(write: () => void): void {
    this.steps[this.enter(RAW)] = '';
    write();
    this.depth--;
  }

  /** Writes that elements or properties are missing. */
  protected holes(count: number): void {
    this.byte(HOLES);
    this.uint(count);
  }

  /** Writes a reference if the object was met before. */
  protected met(value: object): boolean {
    const number = this.identities.find(value);
    if (number < 0) return false;
    this.referenced = true;
    this.byte(REFERENCE);
    this.uint(number);
    return true;
  }

  path(): string {
    const depth = Math.min(this.depth, MAX_DEPTH);
    return this.errorLevel < 0
      ? renderPath(this.root, this.steps, this.kinds, depth)
      : renderPath('', this.steps, this.kinds, depth, this.errorLevel);
  }

  attach(content: Content, modules: readonly string[]): void {
    if (this.contents === NO_CONTENTS) this.contents = [];
    this.contents.push(content);
    for (const url of modules) this.module(url);
  }

  form(number: number): void {
    const form = this.forms[number];
    if (!(form !== undefined && form.reach >= this.reach)) this.refuse('it cannot go so far in this form');
    this.uint(number);
  }

  capturing(write: () => void): void {
    const before = this.captured;
    this.captured = true;
    try {
      write();
    } finally {
      this.captured = before;
    }
  }

  salvage(key: string, read: () => unknown): void {
    const salvaging = this.salvaging;
    const error = this.errorLevel;
    this.errorLevel = this.depth - 1;
    this.steps[this.depth] = key;
    // Writing piece by piece takes more stack, so it is done only for values that cannot be sent as they are.
    if (salvaging || this.attempt(() => this.write(read())) !== undefined) {
      this.salvaging = true;
      this.orSentence(() => this.write(read()));
    }
    this.salvaging = salvaging;
    this.errorLevel = error;
  }

  /** Writing piece by piece takes stack: a deeper value is sent whole, or its ancestor is replaced. */
  protected isNearError(): boolean {
    return this.depth - this.errorLevel < PIECEWISE;
  }

  /** Runs `write`. If that fails, writes the reason in its place. */
  protected orSentence(write: () => void): void {
    const failure = this.attempt(write);
    if (failure !== undefined) this.string(sentence(failure));
  }

  uint32(n: number): void {
    this.uint(n);
  }

  handle(offset: number): void {
    if (this.handles === NO_HANDLES) this.handles = [];
    this.uint(this.handles.push(offset) - 1);
  }

  module(url: string): void {
    if (!this.modules.includes(url)) this.modules = [...this.modules, url];
  }

  section(write: () => void): void {
    const length = this.word(0);
    const header = this.position;
    this.byte(0);
    const outer = {
      identities: this.identities,
      referenced: this.referenced,
      epoch: this.epoch,
      count: this.shapeCount,
    };
    this.identities = new Identities();
    this.referenced = false;
    this.epoch = ++this.lastEpoch;
    this.shapeCount = 0;
    try {
      write();
      this.bytes[header] = this.referenced ? HEADER | HAS_REFERENCES : HEADER;
      this.view.setUint32(length, this.position - header, true);
    } finally {
      this.identities = outer.identities;
      this.referenced = outer.referenced;
      this.epoch = outer.epoch;
      this.shapeCount = outer.count;
    }
  }

  attempt(write: () => void): unknown {
    const { position, captured } = this;
    const salvaging = this.salvaging;
    const from = this.errorLevel;
    const depth = this.depth;
    const steps = this.steps[depth] as string | number;
    const kind = this.kinds[depth] as number;
    const identities = this.identities.count;
    const shapes = this.shapeCount;
    const buffers = this.buffers?.count ?? 0;
    const handles = this.handles.length;
    const modules = this.modules;
    const forms = this.forms;
    const contents = this.contents.length;
    const sent = this.capture?.sent.size ?? 0;
    const needs = this.needs?.size ?? 0;
    try {
      write();
      return undefined;
    } catch (error) {
      const reason = this.explain(error) ?? new Error('undefined was thrown');
      this.position = position;
      this.captured = captured;
      this.salvaging = salvaging;
      this.errorLevel = from;
      this.depth = depth;
      this.steps[depth] = steps;
      this.kinds[depth] = kind;
      this.identities.truncate(identities);
      this.epoch = ++this.lastEpoch; // shapes spelled out in vain must not be referred to
      this.shapeCount = shapes;
      this.buffers?.truncate(buffers);
      if (this.handles.length > handles) this.handles.length = handles;
      this.modules = modules;
      this.forms = forms;
      if (this.contents.length > contents) this.contents.length = contents;
      // Objects that were left out must be sent if they occur again.
      if (this.needs !== undefined) truncate(this.needs, needs);
      else if (this.capture !== undefined) truncate(this.capture.sent, sent);
      return reason;
    }
  }
}

/** Returns the text that replaces a value that could not be sent, in an error. */
function sentence(failure: unknown): string {
  let reason = 'what was thrown instead cannot be shown';
  try {
    reason = failure instanceof Error ? `${failure.message}` : String(failure);
  } catch {}
  return `[not sent: ${reason}]`;
}

/** Reads a property. If that throws, returns the text that stands in its place. */
export function readOrSentence(value: Record<string, unknown>, key: string): unknown {
  try {
    return value[key];
  } catch (error) {
    return sentence(error);
  }
}

function isStackOverflow(error: unknown): boolean {
  // A regular expression that the stack has no room to compile throws a SyntaxError that ends so.
  return (
    (error instanceof RangeError || error instanceof SyntaxError) &&
    /(Maximum call stack size exceeded|: Stack overflow)$/.test(error.message)
  );
}
