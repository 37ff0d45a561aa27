/**
 * The numbers of all extensions: part of the wire format, so two versions of the library agree on them. From `SHARED` on, a value is sent as
 * itself: an object that is shared, or that reaches something outside of the message. README.md has the forms of each.
 */
export const extensionIds = {
  CLASS_INSTANCE: 1,
  FUNCTION: 2,
  KEY: 3,
  SHARED: 16,
  SHARED_OBJECT: 16,
  PROCESS: 17,
  WRAPPED: 18,
  CONNECTION: 24,
  SOCKET: 25,
  SHARED_MEMORY: 26,
  SHAREABLE_LIST: 27,
  SOCKET_CONNECTION: 28,
  OPAQUE: 60,
  PROXY: 61,
  CLUSTER_OBJECT: 62,
} as const;
