import type { ConnectionOptions, TlsOptions } from 'node:tls';
import { type Address, parseAddress } from '../connection/address.ts';
import type { Connection } from '../connection/connection.ts';
import { readAuthKey } from '../connection/handshake.ts';
import type { ListenerOptions } from '../connection/listener.ts';
import { pipe } from '../connection/pipe.ts';
import { ClosedError, ClusterError, EndOfStreamError, ProcessError, StateError } from '../contracts/errors.ts';
import { checkOptionNames } from '../contracts/options.ts';
import { staysHere } from '../contracts/stays-here.ts';
import { Process } from '../process/process.ts';
import { familyKey } from './family-key.ts';
import { Link } from './link.ts';
import { makeAt } from './make-at.ts';
import { objectMaker } from './make-object.ts';
import type { Proxied } from './proxies/custom-proxy.ts';
import type { BaseProxy } from './proxy.ts';
import { addRegistration, isClass, type Make, registrationsOf } from './registry.ts';
import { makePlace, Server, type ServerPlace } from './server.ts';
import { type ControlMessage, runServer, type ServerOrders } from './server-process.ts';

/** The options of `new Manager()` and `new BaseManager()`. */
export interface ManagerOptions {
  /** The address at which the server listens or to which `connect()` connects: `'host:port'`, `{ host, port }` or the path of a socket. */
  readonly address?: Address | undefined;
  /**
   * The key that programs outside the family need. If other machines can reach the address, it must have at least 8 bytes. The default is
   * a key that all members of this family have.
   */
  readonly authKey?: Uint8Array | string | undefined;
  /** Options of `tls.createServer` for a server, of `tls.connect` for a client. Only for TCP. */
  readonly tls?: TlsOptions | ConnectionOptions | undefined;
  /** The server calls and awaits this function before it serves a client. */
  // biome-ignore lint/suspicious/noExplicitAny: it takes what `initargs` has.
  readonly initializer?: ((...args: any[]) => unknown) | undefined;
  /** The arguments of the initializer, in order. */
  readonly initargs?: readonly unknown[] | undefined;
}

const known: Record<keyof ManagerOptions, true> = {
  address: true,
  authKey: true,
  tls: true,
  initializer: true,
  initargs: true,
};

/** The options of `register`. */
export interface RegisterOptions {
  /** The methods that clients may call. The default is all methods whose names do not begin with `_`. */
  readonly exposed?: readonly string[] | undefined;
}

/** The type of a factory of a manager: `declare counter: Factory<typeof Counter>` in a subclass types the method that `register` has added. */
export type Factory<M extends Make> = M extends abstract new (
  ...args: infer A
) => infer T
  ? (...args: A) => Proxied<T>
  : M extends (...args: infer A) => infer T
    ? (...args: A) => Proxied<T>
    : never;

type Role =
  | { readonly is: 'new' | 'connecting' | 'closed' }
  | {
      readonly is: 'started';
      readonly process: Process;
      readonly control: Connection<ControlMessage>;
      readonly link: Link;
    }
  | { readonly is: 'connected'; readonly link: Link }
  | { readonly is: 'serving'; readonly server: Server; readonly link: Link; readonly end: () => void };

/** Milliseconds that a server has to end by itself; then it is terminated, and killed after the same time. */
const SHUTDOWN_TIME = 1000;
let made = 0;

/** The server of a collected manager ends as soon as no proxy of its objects exists. A call that waits may yet hear why the server could not begin. */
const collected = new FinalizationRegistry<{ control: Connection<ControlMessage>; link: Link }>(({ control, link }) =>
  link.whenQuiet(() => control.close()),
);

/**
 * Holds objects in a server process for all programs that have proxies of them: this program, its children, and programs on other
 * machines. `Manager` has the usual types; register your own types in a subclass. The first use or `start()` starts the server,
 * `connect()` connects to a server that runs elsewhere, and `serveForever()` serves from this process.
 *
 * Every call takes one message to the server and one back. To share data between the processes of one family, a `Queue`, a `Lock` or a
 * `SharedArray` is many times faster.
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
  #ending: Promise<void> | undefined;

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
   * Adds a type of objects to this class of managers: `manager[name](…args)` makes an object in the server and returns a proxy of it at
   * once. `make` is a class, or a function that returns the object to share; with such a function several clients can share one object.
   * `make` is sent to the server as any function is. Clients can call methods whose names begin with `_` only if they are `exposed`.
   */
  static register(name: string, make: Make, options: RegisterOptions = {}): void {
    if (typeof name !== 'string' || name === '') throw new TypeError('name must be a string, the name of the factory');
    if (typeof make !== 'function') throw new TypeError(`What ${name} is made by must be a class or a function.`);
    checkOptionNames('register', options, { exposed: true });
    const { exposed } = options;
    if (exposed !== undefined && !(Array.isArray(exposed) && exposed.every((each) => typeof each === 'string'))) {
      throw new TypeError('exposed must be an array of names of methods');
    }
    if (isTaken(name)) {
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

  /**
   * Starts the server process. Throws at once if a part of the registered types cannot be sent to it. With an `address` it blocks the
   * thread until the server listens, and throws if the server cannot listen. Throws a `StateError` if there is a server already.
   */
  start(): void {
    if (this.#role.is !== 'new') throw this.#wrongState('start');
    const place = makePlace();
    const [control, theirs] = pipe<ControlMessage>();
    const { initializer, initargs = [] } = this.#options;
    const types = registrationsOf(this.constructor);
    const listen = this.#address === undefined ? undefined : this.#listenerOptions();
    const orders = { place, types, listen, control: theirs, initializer, initargs };
    const server = this.serverProcess(orders, `${this.constructor.name}-${++made}`);
    server.start();
    place.acceptEnd.close();
    theirs.close();
    try {
      if (listen !== undefined) this.#address = addressFrom(control);
    } catch (error) {
      control.close();
      throw error;
    }
    const link = Link.to(refOf(place));
    this.#role = { is: 'started', process: server, control, link };
    collected.register(this, { control, link }, this);
    void reportFailure(control, link);
  }

  /**
   * Connects to a server that runs elsewhere, at `address`. Rejects with an `AuthenticationError` if the keys differ, and with Node's own
   * error, such as `ECONNREFUSED`, if no server listens there.
   */
  async connect(): Promise<void> {
    if (this.#role.is !== 'new') throw this.#wrongState('connect');
    const address = this.#address;
    if (address === undefined) throw new StateError('connect() needs to know where: give the manager an address.');
    this.#role = { is: 'connecting' };
    try {
      const tls = this.#options.tls as ConnectionOptions | undefined;
      this.#role = { is: 'connected', link: await Link.connect({ address, authKey: this.authKey, tls }) };
    } catch (error) {
      this.#role = { is: 'new' };
      throw error;
    }
  }

  /**
   * Serves from this process until `shutdown()`. Without an `address`, listens at a unix socket that only this user can reach; the
   * property `address` has its path.
   */
  async serveForever(): Promise<void> {
    if (this.#role.is !== 'new') throw this.#wrongState('serveForever');
    const { initializer, initargs = [] } = this.#options;
    const server = new Server(makePlace(), objectMaker(registrationsOf(this.constructor)));
    const over = new Promise<void>((resolve) => {
      this.#role = { is: 'serving', server, link: Link.to(server.ref), end: resolve };
    });
    try {
      // Without an initializer, the server listens before this call returns.
      if (initializer !== undefined) await initializer(...initargs);
      if (!server.isClosed) this.#address = server.listen(this.#listenerOptions()).address;
    } catch (error) {
      await this.#end();
      this.#role = { is: 'new' };
      throw error;
    }
    server.open();
    await over;
  }

  /**
   * The address at which the server listens; `undefined` before the start. If this manager has started its server without an address,
   * reading this property makes the server listen, and blocks the thread for that moment.
   */
  get address(): Address | undefined {
    const role = this.#role;
    if (role.is === 'started' && this.#address === undefined) {
      role.control.sendSync({ listen: this.#listenerOptions() });
      this.#address = addressFrom(role.control);
    }
    return this.#address;
  }

  /** The key that programs outside the family need. */
  get authKey(): Uint8Array {
    return this.#givenKey ?? familyKey();
  }

  /**
   * Ends the server that this manager started or serves, and with it all objects of the server. If this manager has connected to a
   * server, ends only the connection. May be repeated.
   */
  shutdown(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    const role = this.#role;
    this.#role = { is: 'closed' };
    const out = () => new ClosedError('The manager was shut down here: what it held is out of reach.');
    if (role.is === 'connected') role.link.leave(out);
    else if ('link' in role) role.link.close(out);
    if (role.is === 'serving') {
      role.server.close();
      role.end();
    }
    if (role.is !== 'started') return;
    collected.unregister(this);
    await role.control.send('shutdown').catch(() => {});
    const { process: server } = role;
    await server.join({ timeout: SHUTDOWN_TIME });
    if (server.isAlive()) server.terminate();
    await server.join({ timeout: SHUTDOWN_TIME });
    if (server.isAlive()) server.kill();
    await server.join();
    role.control.close();
  }

  /** Shuts the manager down at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  /** @internal Makes an object in the server; `kind` names the class of its proxies. */
  protected make(type: string, kind: string, args: readonly unknown[], companion?: BaseProxy): BaseProxy {
    if (this.#role.is === 'new') this.start();
    if (!('link' in this.#role)) throw this.#wrongState(type);
    return makeAt(this.#role.link, type, kind, args, companion);
  }

  /** @internal The process that serves, which has not started. */
  protected serverProcess(orders: ServerOrders, name: string): Process {
    return new Process({ target: runServer, args: [orders], name, daemon: true });
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `${this.constructor.name} (${this.#role.is})`;
  }

  #listenerOptions(): ListenerOptions {
    const { tls } = this.#options;
    return { address: this.#address, authKey: this.authKey, ...(tls && { tls: tls as TlsOptions }) };
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

/** Blocks until the server reports its address; throws if it cannot listen. */
function addressFrom(control: Connection<ControlMessage>): Address {
  let message: ControlMessage;
  try {
    message = control.recvSync();
  } catch (cause) {
    throw new ProcessError('The server ended before it listened.', { cause });
  }
  return addressIn(message);
}

function addressIn(message: ControlMessage): Address {
  if (typeof message === 'object' && 'address' in message) return message.address;
  const failure = typeof message === 'object' && 'failure' in message ? message.failure : message;
  throw failure instanceof Error ? failure : new ProcessError(`The server could not begin: ${String(failure)}`);
}

/**
 * If the server reports that it cannot begin, its clients get the reason instead of a lost connection. Does not keep the manager from
 * being collected.
 */
async function reportFailure(control: Connection<ControlMessage>, link: Link): Promise<void> {
  control.keepAlive(false);
  try {
    addressIn(await control.recv());
  } catch (error) {
    if (error instanceof EndOfStreamError || error instanceof ClosedError) return;
    const { message } = error as Error;
    link.close(() =>
      error instanceof ClusterError
        ? error
        : new ProcessError(`The server could not begin: ${message}`, {
            cause: error,
          }),
    );
  }
}

/** True if every manager has a property of this name already. */
function isTaken(name: string): boolean {
  return name in BaseManager.prototype || name in Object.prototype;
}

function refOf({ identity, near }: ServerPlace): Link['ref'] {
  return { identity, near, far: undefined };
}

staysHere(BaseManager, 'send a proxy, or its address and authKey');
