/** A message about a task: a header of plain data that gateways and hosts read, and a body that only programs and workers decode. */
interface Letter<Header> {
  readonly header: Header;
  readonly body: Uint8Array;
}

const LENGTH_BYTES = 4;

/** The version of the protocol: programs and hosts with different versions cannot work together. */
export const PROTOCOL = 4;

/** The major version of this Node. */
export const NODE = Number(process.versions.node.split('.')[0]);

/** Writes a letter: the header's length in four bytes, the header as JSON, the body. */
export function writeLetter(header: object, body: Uint8Array): Uint8Array {
  const text = Buffer.from(JSON.stringify(header));
  const letter = new Uint8Array(LENGTH_BYTES + text.length + body.length);
  new DataView(letter.buffer).setUint32(0, text.length);
  letter.set(text, LENGTH_BYTES);
  letter.set(body, LENGTH_BYTES + text.length);
  return letter;
}

/** Reads a letter. The body is a copy, because sending a view would send all of its memory. */
export function readLetter<Header>(bytes: Uint8Array): Letter<Header> {
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0);
  const end = LENGTH_BYTES + length;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + LENGTH_BYTES, length).toString();
  return { header: JSON.parse(text) as Header, body: bytes.slice(end) };
}

/** The header of the tasks of a job. The body has their inputs, one after the other. */
export interface TasksHeader {
  /** The SHA-256 of each function, as the program packed it, and its name, for messages. */
  readonly fns: readonly (readonly [hash: string, name: string])[];
  readonly tasks: readonly TaskEntry[];
  /** Milliseconds that each task is expected to run; 0 if that is not known. */
  readonly ms: number;
  /** True if the tasks must run one after the other, because the pool limits the number of tasks that run at once. */
  readonly isInTurn: boolean;
}

/** The time-out of a task that has none. */
export const NO_TIMEOUT = -1;

/**
 * A task of a job. `timeout` is in milliseconds from the start; `tried` is the number of starts of the task by other jobs; `submission` makes its
 * fence grow; `code` is the hash of the manifest of the files that its input needs, or empty; `blob` is the id of the blob with the input, or empty.
 */
export type TaskEntry = readonly [
  id: number,
  fn: number,
  how: number,
  start: number,
  timeout: number,
  bytes: number,
  tried: number,
  submission: number,
  code: string,
  blob: string,
];

/** The header of a function. */
export interface FunctionHeader {
  /** Modules to import before the function is decoded. */
  readonly modules: readonly string[];
  /** The hash of the manifest of the files that the function needs. */
  readonly code?: string;
}

/** The kinds of results of a host. */
export const ending = {
  /** The outcome of the task. */
  END: 0,
  /** The error of the task, and no task of this pool can run, because the initializer throws. */
  BROKEN: 1,
  /** The error of the task, which may be started again. */
  AGAIN: 2,
} as const;
type Ending = (typeof ending)[keyof typeof ending];

/** The header of the results of some tasks of a job. The body has their packed outcomes, one after the other. */
export interface ResultsHeader {
  readonly results: readonly ResultEntry[];
}

/** A result. `ms` is the time for which the task ran, `starts` the number of its starts by this job, `blob` the id of the blob with the outcome, or empty. */
export type ResultEntry = readonly [
  index: number,
  ending: Ending,
  ms: number,
  bytes: number,
  starts: number,
  blob: string,
];

/** The header of a pool, for hosts. The body has the initializer, its arguments and the finalizer. */
export interface PoolHeader {
  readonly protocol: number;
  /** The major version of Node of the program. */
  readonly node: number;
  /** The labels that a host must have. */
  readonly where: readonly string[];
  readonly name: string;
  readonly concurrency: number;
  /** 1 for the pool of a program; for a pool in a task, one more than the depth of the task's pool. */
  readonly depth: number;
  /** The largest number of bytes of one result. */
  readonly maxPayload: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly maxTasksPerChild?: number;
  readonly maxMemoryPerChild?: number;
  readonly hasInitializer: boolean;
  /** The URL of the folder whose files are sent, with a slash at the end. */
  readonly root: string;
  /** True if the program sends its files. */
  readonly isShipped: boolean;
  /** The hash of the manifest of the files that the initializer and the finalizer need. */
  readonly code?: string;
}
