// Machines as far as the network goes: a namespace for each, with a cable of its own to the namespace of the server.
import { execFileSync } from 'node:child_process';

const ip = (...args: string[]): void => void execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });

/** Why there are no such machines here; false if there are. */
export function noNetwork(): string | false {
  const probe = `mp-probe-${process.pid}`;
  try {
    if (process.getuid?.() !== 0) throw new Error('only root may make network namespaces');
    ip('netns', 'add', probe);
    ip('netns', 'del', probe);
    return false;
  } catch (error) {
    const reason = `NO NETWORK NAMESPACES HERE: ${(error as Error).message}`;
    console.error(`SKIPPED: ${reason}`);
    return reason;
  }
}

export class Network {
  readonly #server = `mp-s-${process.pid}`;
  readonly #machines: string[] = [];

  constructor() {
    ip('netns', 'add', this.#server);
    ip('-n', this.#server, 'link', 'set', 'lo', 'up');
  }

  /** What runs a command where the server is. */
  get server(): string[] {
    return ['ip', 'netns', 'exec', this.#server];
  }

  /** Makes a machine. */
  machine(): Machine {
    const n = this.#machines.length + 1;
    const name = `mp-${n}-${process.pid}`;
    this.#machines.push(name);
    ip('netns', 'add', name);
    ip('-n', name, 'link', 'set', 'lo', 'up');
    ip('-n', this.#server, 'link', 'add', `to${n}`, 'type', 'veth', 'peer', 'name', 'cable', 'netns', name);
    ip('-n', this.#server, 'addr', 'add', `10.78.${n}.1/24`, 'dev', `to${n}`);
    ip('-n', this.#server, 'link', 'set', `to${n}`, 'up');
    ip('-n', name, 'addr', 'add', `10.78.${n}.2/24`, 'dev', 'cable');
    ip('-n', name, 'link', 'set', 'cable', 'up');
    return {
      before: ['ip', 'netns', 'exec', name],
      server: `10.78.${n}.1`,
      unplug: () => ip('-n', name, 'link', 'set', 'cable', 'down'),
      plug: () => ip('-n', name, 'link', 'set', 'cable', 'up'),
    };
  }

  end(): void {
    for (const name of [...this.#machines, this.#server]) ip('netns', 'del', name);
  }
}

export interface Machine {
  /** What stands before a command that runs there. */
  readonly before: string[];
  /** The address of the server, seen from there. */
  readonly server: string;
  unplug(): void;
  plug(): void;
}
