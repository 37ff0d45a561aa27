/** The door `multiproc/connection`: Python's `multiprocessing.connection`, messages between programs over sockets. */
import './wiring/connection.ts';

export type { Address } from '../connection/address.ts';
export { type ConnectOptions, connect } from '../connection/connect.ts';
export { Connection } from '../connection/connection.ts';
export { Listener, type ListenerOptions } from '../connection/listener.ts';
export { wait } from '../connection/wait.ts';
