import type { ConnectionOptions, TlsOptions } from 'node:tls';
import { type Address, parseAddress } from '../connection/address.ts';
import type { Connection } from '../connection/connection.ts';
import { readAuthKey } from '../connection/handshake.ts';
import type { ListenerOptions } from '../connection/listener.ts';
import { pipe } from '../connection/pipe.ts';
import { ClosedError, EndOfStreamError, ProcessError, StateError } from '../errors.ts';
import { locate } from '../memory/shared-object.ts';
import { checkOptionNames } from '../options.ts';
import { Process } from '../process/process.ts';
import { familyKey } from './family-key.ts';
import { Lease } from './lease.ts';
import { Link } from './link.ts';
import { makeServer } from './make-server.ts';
import type { Proxied } from './proxies/custom-proxy.ts';
import type { BaseProxy } from './proxy.ts';
import { makeProxy } from './proxy-kinds.ts';
import { Reference } from './reference.ts';
import { addRegistration, isClass, type Make, registrationsOf } from './registry.ts';
import { makePlace, type Server, type ServerPlace } from './server.ts';
import { type ControlMessage, runServer } from './server-process.ts';

/** What a manager is made with. */
export interface ManagerOptions {
  /** Where the server listens, or where to `connect` to: `'host:port'`, `{ host, port }` or the path of a socket. */
  readonly address?: Address | undefined;
  /** The key that programs elsewhere must have; one that all members of this family have, if left out. */
  readonly authKey?: Uint8Array | string | undefined;
  /** What `tls.createServer` takes where it serves, what `tls.connect` takes where it connects. TCP only. */
  readonly tls?: TlsOptions | ConnectionOptions | undefined;
  /** Runs in the server before it serves anybody. */
  // biome-ignore lint/suspicious/noExplicitAny: it takes what `initargs` has.
  readonly initializer?: ((...args: any[]) => unknown) | undefined;
  readonly initargs?: readonly unknown[] | undefined;
}

const known: Record<keyof ManagerOptions, true> = {
  address: true,
  authKey: true,
  tls: true,
  initializer: true,
  initargs: true,
};

/** How the members of a registered type may be reached. */
export interface RegisterOptions {
  /** The methods that clients may call; if left out, all whose names do not begin with `_`. */
  readonly exposed?: readonly string[] | undefined;
}

/** A factory of a manager: `declare counter: Factory<typeof Counter>` in a subclass types what `register` has added. */
export type Factory<M extends Make> = M extends abstract new (
  ...args: infer A
) => infer T
  ? (...args: A) => Proxied<T>
  : M extends (...args: infer A) => infer T
    ? (...args: A) => Proxied<T>
    : never;

/** Where a manager stands. */
type Role =
  | { readonly is: 'new' | 'connecting' | 'closed' }
  | {
      readonly is: 'started';
      readonly process: Process;
      readonly control: Connection<ControlMessage>;
      readonly link: Link;
    }
  /** Of a link that is not its own it is one of several users. */
  | { readonly is: 'connected'; readonly link: Link; readonly isOwn: boolean }
  | { readonly is: 'serving'; readonly server: Server; readonly link: Link; readonly end: () => void };

/** Milliseconds that a server has to end by itself; then it is terminated, and killed after as much again. */
const SHUTDOWN_TIME = 1000;
let made = 0;

/**
 * Holds objects in a server process for whoever has a proxy of them: this program, its children, and programs on other machines.
 * `Manager` has the usual types; register your own in a subclass. The first use, or `start()`, starts the server, `connect()` attaches to
 * one that runs elsewhere, and `serveForever()` serves from this process.
 *
 * Every call is a message there and one back: for what the processes of one family share, a `Queue`, a `Lock` or a `SharedArray` is
 * many times faster.
 *
 * @example
 * import { BaseManager, type Factory } from 'multiproc/managers';
 * import assert from 'node:assert';
 *
 * class Counter {
 *   #n = 0;
 *   add(n: number) {
 *     this.#n += n;
 *     return this.#n;
 *   }
 * }
 * class Counters extends BaseManager {
 *   declare counter: Factory<typeof Counter>;
 * }
 * Counters.register('counter', Counter);
 *
 * await using manager = new Counters();
 * const counter = manager.counter();
 * await Promise.all([counter.add(1), counter.add(2)]);
 * assert.equal(await counter.add(0), 3);
 */
export class BaseManager implements AsyncDisposable {
  readonly #options: ManagerOptions;
  readonly #givenKey: Uint8Array | undefined;
  #address: Address | undefined;
  #role: Role = { is: 'new' };

  constructor(options: ManagerOptions = {}) {
    checkOptionNames(new.target.name, options, known);
    const { address, authKey, initializer, initargs } = options;
    if (address !== undefined) parseAddress(address);
    if (initializer !== undefined && typeof initializer !== 'function') {
      throw new TypeError('initializer must be a function');
    }
    if (initargs !== undefined && !Array.isArray(initargs)) {
      throw new TypeError('initargs must be an array: the arguments of the initializer, in order');
    }
    this.#givenKey = readAuthKey(authKey);
    this.#options = options;
    this.#address = address;
  }

  /**
   * Adds a type of objects to this class of managers: `manager[name](…args)` has the server make one, and answers a proxy of it at once.
   * `make` is a class, or a function whose answer is shared as it is: that is how several clients get at one object. It travels to the
   * server as any function does. Methods whose names begin with `_` are reachable only if they are `exposed`.
   */
  static register(name: string, make: Make, options: RegisterOptions = {}): void {
    if (typeof name !== 'string' || name === '') throw new TypeError('name must be a string, the name of the factory');
    if (typeof make !== 'function') throw new TypeError(`What ${name} is made by must be a class or a function.`);
    checkOptionNames('register', options, { exposed: true });
    const { exposed } = options;
    if (exposed !== undefined && !(Array.isArray(exposed) && exposed.every((each) => typeof each === 'string'))) {
      throw new TypeError('exposed must be an array of names of methods');
    }
    if (name in BaseManager.prototype || name in Object.prototype) {
      throw new TypeError(`Every manager has ${name} already: choose another name.`);
    }
    // biome-ignore lint/complexity/noThisInStatic: it is the subclass that gets the type.
    addRegistration(this, { name, make, exposed: exposed && [...exposed] });
    // biome-ignore lint/complexity/noThisInStatic: as above.
    Object.defineProperty(this.prototype, name, {
      value(this: BaseManager, ...args: unknown[]) {
        return this.make(name, isClass(make) ? `class:${name}` : `shared:${name}`, args);
      },
      configurable: true,
      writable: true,
    });
  }

  /** Starts the server process; throws at once what of the registered types cannot be sent there. A `StateError` if there is one already. */
  start(): void {
    if (this.#role.is !== 'new') throw this.#wrongState('start');
    const place = makePlace();
    const [control, theirs] = pipe<ControlMessage>();
    const { initializer, initargs = [] } = this.#options;
    const types = registrationsOf(this.constructor);
    const listen = this.#address === undefined ? undefined : this.#listenerOptions();
    const server = new Process({
      target: runServer,
      args: [{ place, types, listen, control: theirs, initializer, initargs }],
      name: `${this.constructor.name}-${++made}`,
      daemon: true,
    });
    server.start();
    place.entrance.close();
    theirs.close();
    this.#role = { is: 'started', process: server, control, link: Link.to(refOf(place)) };
    void this.#hear(control);
  }

  /**
   * Attaches to a server that runs elsewhere, at `address`. Rejects with an `AuthenticationError` where the keys differ, and with Node's
   * own error, such as `ECONNREFUSED`, where nobody serves.
   */
  async connect(): Promise<void> {
    if (this.#role.is !== 'new') throw this.#wrongState('connect');
    const address = this.#address;
    if (address === undefined) throw new StateError('connect() needs to know where: give the manager an address.');
    this.#role = { is: 'connecting' };
    try {
      const tls = this.#options.tls as ConnectionOptions | undefined;
      this.#role = { is: 'connected', ...(await Link.connect({ address, authKey: this.authKey, tls })) };
    } catch (error) {
      this.#role = { is: 'new' };
      throw error;
    }
  }

  /** Serves from this process, until `shutdown()`. Without an `address` at a unix socket of this user's own; `address` tells which. */
  async serveForever(): Promise<void> {
    if (this.#role.is !== 'new') throw this.#wrongState('serveForever');
    const { initializer, initargs = [] } = this.#options;
    const place = makePlace();
    const server = makeServer(place, registrationsOf(this.constructor));
    try {
      this.#address = server.listen(this.#listenerOptions()).address;
    } catch (error) {
      server.close();
      throw error;
    }
    const over = new Promise<void>((resolve) => {
      this.#role = { is: 'serving', server, link: Link.to(server.ref), end: resolve };
    });
    await initializer?.(...initargs);
    await over;
  }

  /**
   * Where the server listens. Of one that this manager has started, and that was given no address or the port 0, this has it listen and
   * blocks the thread for that moment; `undefined` before the start.
   */
  get address(): Address | undefined {
    const role = this.#role;
    if (role.is === 'started' && !hasFixedPlace(this.#address)) {
      if (this.#address === undefined) role.control.sendSync({ listen: this.#listenerOptions() });
      this.#address = addressIn(role.control.recvSync());
    }
    return this.#address;
  }

  /** The key that programs elsewhere must have. */
  get authKey(): Uint8Array {
    return this.#givenKey ?? familyKey();
  }

  /**
   * Ends the server that this manager started or serves, and with it all that it holds; of one that it connected to, only the connection.
   * May be repeated.
   */
  async shutdown(): Promise<void> {
    const role = this.#role;
    this.#role = { is: 'closed' };
    if ('link' in role && !(role.is === 'connected' && !role.isOwn)) {
      role.link.close(() => new ClosedError('The manager was shut down here: what it held is out of reach.'));
    }
    if (role.is === 'serving') {
      role.server.close();
      role.end();
    }
    if (role.is !== 'started') return;
    await role.control.send('shutdown').catch(() => {});
    const { process: server } = role;
    await server.join({ timeout: SHUTDOWN_TIME });
    if (server.isAlive()) server.terminate();
    await server.join({ timeout: SHUTDOWN_TIME });
    if (server.isAlive()) server.kill();
    await server.join();
    role.control.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  /** @internal Has the server make an object; `kind` is which class of proxies it has. */
  protected make(type: string, kind: string, args: readonly unknown[], companion?: BaseProxy): BaseProxy {
    if (this.#role.is === 'new') this.start();
    if (!('link' in this.#role)) throw this.#wrongState(type);
    const { link } = this.#role;
    const { near } = link.ref;
    const lease = near && new Lease(near.returns);
    const id = lease === undefined ? link.newId() : locate(lease).offset;
    try {
      link.create(id, type, args, lease);
    } catch (error) {
      lease?.close();
      throw error;
    }
    return makeProxy(new Reference(link, id, kind, lease), companion);
  }

  #listenerOptions(): ListenerOptions {
    const { tls } = this.#options;
    return { address: this.#address, authKey: this.authKey, ...(tls && { tls: tls as TlsOptions }) };
  }

  /** The server says where it listens, or why it cannot begin: then its clients learn that, and not just that it is gone. */
  async #hear(control: Connection<ControlMessage>): Promise<void> {
    control.hold(false);
    try {
      for (;;) this.#address = addressIn(await control.recv());
    } catch (error) {
      const role = this.#role;
      if (error instanceof EndOfStreamError || role.is !== 'started') return;
      const { message } = error as Error;
      role.link.close(() => new ProcessError(`The server could not begin: ${message}`, { cause: error }));
    }
  }

  #wrongState(call: string): Error {
    switch (this.#role.is) {
      case 'closed':
        return new ClosedError('The manager was shut down: make a new one.');
      case 'connecting':
        return new StateError(`${call}() has to wait: await connect() first.`);
      case 'started':
        return new StateError(`${call}() comes too late: this manager has started its server.`);
      default:
        return new StateError(`${call}() comes too late: this manager is ${this.#role.is} already.`);
    }
  }
}

/** False where the address is known only to the server. */
function hasFixedPlace(address: Address | undefined): boolean {
  return address !== undefined && parseAddress(address).port !== 0;
}

function addressIn(message: ControlMessage): Address {
  if (typeof message === 'object' && 'address' in message) return message.address;
  const failure = typeof message === 'object' && 'failure' in message ? message.failure : message;
  throw failure instanceof Error ? failure : new ProcessError(`The server could not begin: ${String(failure)}`);
}

function refOf({ identity, near }: ServerPlace): Link['ref'] {
  return { identity, near, far: undefined };
}
