import { randomHex } from '../builtins.ts';
import type { Connection } from '../connection/connection.ts';
import { Listener, type ListenerOptions } from '../connection/listener.ts';
import { pipe } from '../connection/pipe.ts';
import { type Lease, Returns } from './lease.ts';
import { Lender } from './lender.ts';
import type { ObjectId } from './messages.ts';
import { type MakeObject, ObjectTable } from './object-table.ts';
import type { Near, ServerRef } from './server-ref.ts';
import { Session } from './session.ts';

/** What a server is known by before it runs. */
export interface ServerPlace {
  readonly identity: string;
  /** Where the ends of pipes to new clients come in. */
  readonly entrance: Connection;
  readonly near: Near;
}

const here = new Map<string, Server>();

/** The server that runs in this thread under that identity. */
export function servedHere(identity: string): Server | undefined {
  return here.get(identity);
}

/** Makes a place for a server: for this process, or one that it starts. */
export function makePlace(): ServerPlace {
  const [entrance, reception] = pipe();
  return { identity: randomHex(16), entrance, near: { reception, returns: new Returns() } };
}

/** Holds objects, and calls their methods for clients: members of the family through the heap, others through sockets. */
export class Server {
  readonly ref: ServerRef;
  readonly table: ObjectTable;
  readonly #lender: Lender<ObjectId>;
  readonly #entrance: Connection;
  readonly #sessions = new Set<Session>();
  readonly #onIdle: () => void;
  #listener: Listener | undefined;
  #clients = 0;
  #closed = false;

  /** `onIdle` is called whenever it may have become idle. */
  constructor({ identity, entrance, near }: ServerPlace, make: MakeObject, onIdle: () => void = () => {}) {
    this.ref = { identity, near, far: undefined };
    this.#entrance = entrance;
    this.#onIdle = onIdle;
    this.#lender = new Lender<ObjectId>(near.returns, (id) => {
      this.table.dropIfUnheld(id);
      this.#onIdle();
    });
    this.table = new ObjectTable(identity, this.#lender, make);
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
   * True while nobody from elsewhere is there, and nobody has a proxy, nor has said what was not heard yet: then those of the family
   * who are there can ask for nothing more, their manager aside.
   */
  get isIdle(): boolean {
    if (this.table.size > 0 || this.#entrance.isReady()) return false;
    for (const session of this.#sessions) if (!session.isIdle) return false;
    return true;
  }

  /** Listens for clients from elsewhere, and admits them; answers where. */
  listen(options: ListenerOptions): Listener {
    const listener = new Listener(options);
    this.#listener = listener;
    void this.#admitFar(listener);
    return listener;
  }

  /** This thread's own hold on an object; `undefined` if that is gone. */
  hold(id: ObjectId): Lease | undefined {
    return this.table.has(id) ? this.#lender.lend(id) : undefined;
  }

  /** Ends all clients, and lets go of all objects. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    here.delete(this.ref.identity);
    this.#listener?.close();
    this.#entrance.close();
    for (const session of this.#sessions) session.close();
    this.#lender.close();
    this.table.close();
  }

  async #admitNear(): Promise<void> {
    this.#entrance.hold(false);
    for (;;) {
      let connection: Connection;
      try {
        connection = await this.#entrance.recv();
      } catch (error) {
        if (this.#closed) return;
        // One that died on its way here.
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
    await session.serve();
    this.#sessions.delete(session);
    this.#onIdle();
  }
}
