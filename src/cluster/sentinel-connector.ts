import { Socket } from 'node:net';

/** What of the options of ioredis is looked at here. */
interface Options {
  readonly sentinels: readonly unknown[];
  readonly connectTimeout: number;
}

/** What of the class of ioredis is used here: it asks sentinels for the master. */
export type SentinelConnector = new (
  options: Options,
) => {
  /** Resolves to a socket that is connected, or will be, to the master. */
  connect(onEvent: (type: string, error: Error) => void): Promise<Socket>;
};

/** Returns the class of ioredis, without what made a connection stay away for ever. */
export function steady(connector: SentinelConnector): SentinelConnector {
  return class extends connector {
    constructor(options: Options) {
      // The time to connect is enough if all sentinels but one are silent: their machines are off, or they accept a connection and say nothing.
      const each = Math.ceil(options.connectTimeout / (options.sentinels.length + 1));
      super({ ...options, connectTimeout: each, ...{ sentinelCommandTimeout: each } });
    }

    /**
     * Fails if a sentinel tells of a new master just while it, or another one, is asked for the master, or if a sentinel names no possible address. ioredis
     * never connects again after an error. It does after a connection that was closed at once.
     */
    override async connect(onEvent: (type: string, error: Error) => void): Promise<Socket> {
      try {
        return await super.connect(onEvent);
      } catch (error) {
        // What the program reads if no master is found in time.
        onEvent('error', error as Error);
        return new Socket().destroy();
      }
    }
  };
}
