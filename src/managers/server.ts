import type { Connection } from '../connection/connection.ts';
import { Listener, type ListenerOptions } from '../connection/listener.ts';
import { pipe } from '../connection/pipe.ts';
import { randomHex } from '../engine/builtins.ts';
import { type FindObject, finder } from './find-object.ts';
import { type Lease, Returns } from './lease.ts';
import { Lender } from './lender.ts';
import type { ObjectId } from './messages.ts';
import { type MakeObject, ObjectTable } from './object-table.ts';
import type { Near, ServerRef } from './server-ref.ts';
import { Session } from './session.ts';

/** The identity and the ways to a server, before it runs. */
export interface ServerPlace {
  readonly identity: string;
  /** The connection through which the ends of pipes to new clients arrive. */
  readonly acceptEnd: Connection;
  readonly near: Near;
}

const here = new Map<string, Server>();

/** Returns the server with this identity that runs in this thread. */
export function servedHere(identity: string): Server | undefined {
  return here.get(identity);
}

/** Makes a place for a server in this process or in a process that it starts. */
export function makePlace(): ServerPlace {
  const [acceptEnd, connectEnd] = pipe();
  return { identity: randomHex(16), acceptEnd, near: { connectEnd, returns: new Returns() } };
}

/** Holds objects and calls their methods for clients: members of the family through the heap, other programs through sockets. */
export class Server {
  readonly ref: ServerRef;
  readonly table: ObjectTable;
  readonly #lender: Lender<ObjectId>;
  readonly #acceptEnd: Connection;
  readonly #sessions = new Set<Session>();
  readonly #onIdle: () => void;
  #listener: Listener | undefined;
  #clients = 0;
  #closed = false;

  /** `maker` gets a function that finds objects by their proxies, and returns the function that makes objects. `onIdle` is called whenever the server may have become idle. */
  constructor(
    { identity, acceptEnd, near }: ServerPlace,
    maker: (find: FindObject) => MakeObject,
    onIdle: () => void = () => {},
  ) {
    this.ref = { identity, near, far: undefined };
    this.#acceptEnd = acceptEnd;
    this.#onIdle = onIdle;
    this.#lender = new Lender<ObjectId>(near.returns, (id) => {
      this.table.dropIfUnheld(id);
      this.#onIdle();
    });
    this.table = new ObjectTable(identity, this.#lender, maker(finder(identity, (id) => this.table.find(id))));
    here.set(identity, this);
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Admits members of the family from now on. */
  open(): void {
    if (!this.#closed) void this.#admitNear();
  }

  /**
   * True if no client outside the family is connected, no proxy exists and no message is unread: then only the manager can ask for more.
   */
  get isIdle(): boolean {
    if (this.table.size > 0 || this.#acceptEnd.isReady()) return false;
    for (const session of this.#sessions) if (!session.isIdle) return false;
    return true;
  }

  /** Listens for clients outside the family and admits them; returns the listener. */
  listen(options: ListenerOptions): Listener {
    const listener = new Listener(options);
    this.#listener = listener;
    void this.#admitFar(listener);
    return listener;
  }

  /** Returns this thread's own hold on an object; `undefined` if the object is gone. */
  hold(id: ObjectId): Lease | undefined {
    return this.table.has(id) ? this.#lender.lend(id) : undefined;
  }

  /** Closes the server after it has read the last messages of clients that are gone: a goodbye among them tells an orderly end from a death. */
  async end(): Promise<void> {
    await Promise.all([...this.#sessions].filter(({ isDead }) => isDead).map(({ over }) => over));
    this.close();
  }

  /** Ends all clients and drops all objects. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    here.delete(this.ref.identity);
    this.#listener?.close();
    this.#acceptEnd.close();
    for (const session of this.#sessions) session.dismiss();
    this.#lender.close();
    this.table.close();
  }

  async #admitNear(): Promise<void> {
    this.#acceptEnd.keepAlive(false);
    for (;;) {
      let connection: Connection;
      try {
        connection = await this.#acceptEnd.recv();
      } catch (error) {
        if (this.#closed) return;
        // A client that died before its connection was accepted.
        process.emitWarning(error as Error);
        continue;
      }
      void this.#serve(new Session(connection, this.table, undefined, this.#onIdle));
    }
  }

  async #admitFar(listener: Listener): Promise<void> {
    for await (const connection of listener) {
      const greeting = { identity: this.ref.identity, client: ++this.#clients };
      void this.#serve(new Session(connection, this.table, greeting, this.#onIdle));
    }
  }

  async #serve(session: Session): Promise<void> {
    if (this.#closed) return session.close();
    this.#sessions.add(session);
    session.serve();
    await session.over;
    this.#sessions.delete(session);
    this.#onIdle();
  }
}
