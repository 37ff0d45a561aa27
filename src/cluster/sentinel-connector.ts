import { Socket } from 'node:net';

/** The options of ioredis that are read here. */
interface Options {
  readonly sentinels: readonly unknown[];
  readonly connectTimeout: number;
}

/** The part of the class of ioredis that is used here: it asks sentinels for the master. */
export type SentinelConnector = new (
  options: Options,
) => {
  /** Resolves to a socket that is connected, or will be, to the master. */
  connect(onEvent: (type: string, error: Error) => void): Promise<Socket>;
};

/** True for what ioredis says when it begins its list of sentinels again, also if each of them has answered. */
export function isEndOfList({ message }: Error): boolean {
  return /^All sentinels are unreachable\. Retrying from scratch after \d+ms\.$/.test(message);
}

/** Returns the class of ioredis with repairs: with the class as it is, a connection could stay away for ever. */
export function steady(connector: SentinelConnector): SentinelConnector {
  return class extends connector {
    constructor(options: Options) {
      // The time to connect is enough even if all sentinels but one are silent: their machines are off, or they accept a connection and send nothing.
      const each = Math.ceil(options.connectTimeout / (options.sentinels.length + 1));
      super({ ...options, connectTimeout: each, ...{ sentinelCommandTimeout: each } });
    }

    /**
     * Resolves to a closed socket in place of an error. Errors come if a sentinel announces a new master while a sentinel is asked for the master, or if a sentinel
     * names no possible address. ioredis never connects again after an error, but it does after a connection that was closed at once.
     */
    override async connect(onEvent: (type: string, error: Error) => void): Promise<Socket> {
      try {
        return await super.connect(onEvent);
      } catch (error) {
        // The program gets this error if no master is found in time.
        onEvent('error', error as Error);
        return new Socket().destroy();
      }
    }
  };
}
