// Stands between a program or a host and the server, and does something at a step of the protocol: just before the server takes it, or
// when the server has taken it and nobody has heard of it.
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Commands, Replies } from './redis-words.ts';

/** A step of the protocol: how its command is known. */
export type Step = (words: readonly string[]) => boolean;

/** BullMQ's and our scripts, told apart by their keys and their words. */
const script =
  (keys: number, test: Step): Step =>
  (words) =>
    /^evalsha|^eval$/i.test(words[0]!) && Number(words[2]) === keys && test(words);

/** A step of the script of an object, by its name. */
export const objectStep = (name: string): Step => script(8, (words) => words[11] === name);

/** BullMQ makes a connection of its own for a host's jobs. */
export const opensJobs: Step = (words) => /^client$/i.test(words[0]!) && /^setname$/i.test(words[1]!);

/** The steps of a pool and of its tasks, as ../../src/cluster/README.md names them. */
export const steps = {
  post: script(1, (words) => words[3]!.endsWith('}:o') && words[5] === 'print'),
  enrol: script(1, (words) => words[3]!.endsWith(':pools')),
  describe: (words) => /^hset$/i.test(words[0]!) && words[1]!.endsWith(':q:meta'),
  upload: (words) => /^hset$/i.test(words[0]!) && words[1]!.endsWith('}:f'),
  keep: script(1, (words) => words[3]!.endsWith('}:o') && words.length === 6),
  outlive: script(5, (words) => words[9] === '' && words[12]?.endsWith(':q:') === true),
  remove: script(6, (words) => words[9]!.endsWith(':q:')),
  say: script(1, (words) => words[3]!.includes(':h:')),
  sayDraining: script(1, (words) => words[3]!.includes(':h:') && words[4]!.includes('"state":"draining"')),
  extend: script(2, (words) => words[3]!.endsWith(':lock')),
  look: script(9, (words) => words.some((word) => word.endsWith(':stalled-check'))),
  submit: (words) => /^eval$/i.test(words[0]!) && words[3]!.endsWith('}:t') && words[4]!.endsWith(':q:meta'),
  add: script(
    9,
    (words) => words.some((word) => word.endsWith(':prioritized')) && words.some((word) => word.endsWith(':id')),
  ),
  claim: script(11, (words) => words.some((word) => word.endsWith(':limiter'))),
  start: (words) => /^evalsha|^eval$/i.test(words[0]!) && words.includes('take'),
  result: (words) => /^evalsha|^eval$/i.test(words[0]!) && words.includes('finish'),
  complete: script(14, () => true),
  read: (words) => /^xread$/i.test(words[0]!),
} satisfies Record<string, Step>;

interface Armed {
  readonly step: Step;
  readonly side: 'before' | 'after';
  /** What the reply has, if not every reply counts. */
  readonly answer: string;
  act(client: Socket): void;
}

export class StepProxy {
  readonly #to: string;
  readonly #path: string | number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #armed: Armed | undefined;
  #isCut = false;
  #isRefusing = false;
  #connections = 0;
  #swallowed = 0;
  /** Lets each message pass that is held; `undefined` while none is. */
  #held: (() => void)[] | undefined;

  /** `to` is the socket of the server, `path` that of the proxy, or its port. */
  constructor(to: string, path: string | number) {
    this.#to = to;
    this.#path = path;
    const place = typeof path === 'string' ? { path } : { port: path, host: '127.0.0.1' };
    this.#server = createServer((client) => this.#connect(client)).listen(place);
  }

  get url(): string {
    return typeof this.#path === 'string' ? `unix:${this.#path}` : `redis://127.0.0.1:${this.#path}`;
  }

  /**
   * At the next such step, or after the next that gets such an `answer`, does this once. Unless it `goesOn`, nothing passes the proxy from then on
   * until `mend`. Resolves when it was done. `act` is given the connection: corked, it keeps what the server says.
   */
  at(
    step: Step,
    side: 'before' | 'after',
    act: (client: Socket) => void,
    { goesOn = false, answer = '' } = {},
  ): Promise<void> {
    return new Promise((resolve) => {
      this.#armed = {
        step,
        side,
        answer,
        act: (client) => {
          this.#armed = undefined;
          this.#isCut = !goesOn;
          act(client);
          resolve();
        },
      };
    });
  }

  /** Lets nothing pass any more on the connections that there are, and closes none of them; new ones work. */
  swallow(): void {
    this.#swallowed = this.#connections;
  }

  /** Keeps the messages of channels from now on. `release` lets them pass. */
  holdPushes(): { release(): void } {
    const held: (() => void)[] = [];
    this.#held = held;
    return {
      release: () => {
        this.#held = undefined;
        for (const pass of held) pass();
      },
    };
  }

  /** Closes all connections, and each new one at once. */
  refuse(): void {
    this.#isRefusing = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Closes what was cut, and lets new connections pass. */
  mend(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#isCut = false;
    this.#isRefusing = false;
  }

  async end(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
    if (typeof this.#path === 'string') rmSync(this.#path, { force: true });
  }

  #connect(client: Socket): void {
    if (this.#isRefusing) return void client.destroy();
    const server = connect(this.#to);
    const number = ++this.#connections;
    const isSilent = () => this.#isCut || number <= this.#swallowed;
    const [commands, replies] = [new Commands(), new Replies()];
    let open = 0;
    /** The number of the reply at which to act. */
    let actAt = -1;
    let pending: Armed | undefined;
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        if (!this.#isCut || socket === client) other.destroy();
      });
    }
    client.on('data', (bytes: Buffer) => {
      for (const command of commands.take(bytes)) {
        if (isSilent()) return;
        const armed = this.#armed;
        if (armed?.step(command.words)) {
          if (armed.side === 'before') {
            armed.act(client);
            if (isSilent()) return;
          } else {
            this.#armed = undefined;
            actAt = open;
            pending = armed;
          }
        }
        open++;
        server.write(command.bytes);
      }
    });
    server.on('data', (bytes: Buffer) => {
      for (const reply of replies.take(bytes)) {
        if (isSilent()) return;
        const pass = () => void client.write(reply.bytes);
        if (reply.isPush && this.#held !== undefined) {
          this.#held.push(pass);
          continue;
        }
        if (!reply.isPush) {
          open--;
          if (actAt === 0) {
            actAt = -1;
            if (!reply.bytes.includes(pending!.answer)) this.#armed = pending;
            else pending!.act(client);
            if (isSilent()) return;
          } else if (actAt > 0) actAt--;
        }
        pass();
      }
    });
  }
}
