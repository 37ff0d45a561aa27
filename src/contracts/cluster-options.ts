/** A key of a cluster: a program that has it can make the other programs decode values. */
export type ClusterKey = string | Uint8Array;

/** The files of a program that go to other machines with its functions. */
export interface CodeOptions {
  /**
   * The folder whose files travel: the folder of the nearest package.json above the main script if left out, or the folder of the main script if there is none. For `startWorker`, the folder with the
   * host's own files and packages: the working directory if left out.
   */
  readonly root?: string | undefined;
  /** `'never'` sends no files, so only hosts with equal files run the tasks; for `startWorker`, it runs the host's own files only. `'auto'` if left out. */
  readonly ship?: 'auto' | 'never' | undefined;
  /**
   * Files and folders, from `root`, that travel with the functions of a pool although no text names them: those that are opened by computed names. Of a folder all files travel but those in
   * `node_modules` and those whose path has a name that begins with a dot. Has no meaning for `startWorker`.
   */
  readonly include?: readonly string[] | undefined;
  /** The most bytes that the files of one function with all that they use may have; 104,857,600 (100 MiB) if left out. Has no meaning for `startWorker`. */
  readonly limit?: number | undefined;
}

/** Where a cluster is, and how it is reached: the options of `new Cluster()`, of `cluster` of a Pool, and of `startWorker()`. */
export interface ClusterOptions {
  /** Where the Redis or Valkey server is: `redis://host:port`, `rediss://…` with TLS, `unix:/path`, `redis+sentinel://host,host/name`, or `redis+cluster://host,host`. `MULTIPROC_CLUSTER` if left out. */
  readonly url?: string | undefined;
  /** The key that seals what is stored; of several, the first seals and all open. `MULTIPROC_KEY`, or the file `MULTIPROC_KEY_FILE`, if left out. Without any, only servers of this machine are used. */
  readonly key?: ClusterKey | readonly ClusterKey[] | undefined;
  /** Programs with another namespace on the same server have other objects; `'default'` if left out. */
  readonly namespace?: string | undefined;
  /** What `tls.connect` takes, for `rediss://`. */
  readonly tls?: import('node:tls').ConnectionOptions | undefined;
  /** Milliseconds until a program that is silent counts as dead; 30,000 if left out. */
  readonly lease?: number | undefined;
  /** Milliseconds until a server that was never reached counts as unreachable; 10,000 if left out. */
  readonly connectTimeout?: number | undefined;
  /** How many replicas must have a lock that was acquired, and a queue's shutdown, before the call resolves; 0 if left out. It rejects with `ERR_UNREACHABLE` after `connectTimeout`. */
  readonly replicas?: number | undefined;
  /** The most bytes that one argument list of a task, one function, one result, one item of a queue, or the values of one call to a dict or value may have as a message; 268,435,456 (256 MiB) if left out. What is larger is a `ClusterError` with `ERR_TOO_LARGE`. What objects store has at most 511 MiB in any case. */
  readonly maxPayload?: number | undefined;
  /** Which files go to other machines with the functions of tasks. */
  readonly code?: CodeOptions | undefined;
}
