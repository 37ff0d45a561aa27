/** Something that becomes ready once, or again and again, and that `wait()` can wait for: a connection, a queue, a process's sentinel. */
export interface Waitable {
  /** True if there is something to have now. */
  isReady(): boolean;
  /** Calls back, once, when it may have become ready, at once if it is; the answer stops that. */
  onReady(callback: () => void): () => void;
}
