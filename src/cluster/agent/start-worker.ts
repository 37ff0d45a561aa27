import { pipe } from '../../connection/pipe.ts';
import type { ClusterOptions } from '../../contracts/cluster-options.ts';
import { EndOfStreamError, ProcessError } from '../../contracts/errors.ts';
import { assertOptionType, assertWhole } from '../../contracts/options.ts';
import { os } from '../../engine/builtins.ts';
import { cpuCount } from '../../process/cpu-count.ts';
import { Process } from '../../process/process.ts';
import { projectRoot } from '../code/project-root.ts';
import { readCodeOptions, readTaskSettings } from '../settings.ts';
import { assertBullInstalled } from '../tasks/bull.ts';
import type { HostOrders } from './host.ts';
import { type HostMessage, runHost } from './host-process.ts';

/** The options of `startWorker`. */
export interface WorkerOptions extends ClusterOptions {
  /** The number of tasks that run at once on this host, of all pools together. The default is the number of usable CPUs. */
  readonly slots?: number | undefined;
  /** The name of the host in `hosts()`; the name of the machine if left out. */
  readonly name?: string | undefined;
  /** Labels that pools can ask for with `where`. */
  readonly labels?: readonly string[] | undefined;
  /** Milliseconds that running tasks have to end when the worker drains. The default is 30,000. */
  readonly grace?: number | undefined;
  /**
   * The address at which the host serves its metrics to Prometheus, under `/metrics`: a port of this machine's loopback address, such as `'9464'`, or an
   * address that other machines reach, such as `'10.0.0.5:9464'`. Port 0 takes a free port. Every program that reaches the address may read the metrics. The default is none.
   */
  readonly metrics?: string | undefined;
  /** Options of node for the host and its workers, such as `['--import', 'tsx']`. */
  readonly execArgv?: readonly string[] | undefined;
}

/** A host that `startWorker` has started. */
export interface ClusterWorker {
  /** The id of the host. */
  readonly id: string;
  /** The process id of the host. */
  readonly pid: number;
  /** The URL of the metrics; `undefined` without the option `metrics`. */
  readonly metrics: string | undefined;
  /** Takes no more tasks, lets running tasks end within the grace, and ends the host. Resolves when the host has ended. */
  drain(): Promise<void>;
  /** Resolves to the exit code when the host has ended. */
  readonly closed: Promise<number>;
}

/**
 * Makes this machine a host of a cluster: starts a process that runs tasks of pools with this `cluster`, in workers of its own. It needs the packages `bullmq`
 * and `ioredis`, and the same key as the pools. Resolves when the host takes tasks; rejects with a `ClusterError` if the server cannot be used.
 */
export async function startWorker(options: string | WorkerOptions = {}): Promise<ClusterWorker> {
  const {
    slots,
    name,
    labels = [],
    grace = 30_000,
    metrics,
    execArgv,
    ...cluster
  } = typeof options === 'string' ? ({ url: options } as WorkerOptions) : options;
  const settings = readTaskSettings(cluster);
  if (slots !== undefined) assertWhole('slots', slots, 1);
  assertWhole('grace', grace, 0);
  assertOptionType('name', name, 'string');
  const served = metrics === undefined ? undefined : readAddress(metrics);
  if (!Array.isArray(labels) || !labels.every((label) => typeof label === 'string')) {
    throw new TypeError('labels must be an array of strings');
  }
  if (settings.keys.length === 0) {
    throw new TypeError(
      'A worker needs a key, the same as the programs whose tasks it runs: a program that can write to the server could have it run anything else. Give { key }, or set MULTIPROC_KEY or MULTIPROC_KEY_FILE.',
    );
  }
  assertBullInstalled();
  const code = readCodeOptions(cluster);
  const [mine, theirs] = pipe<HostMessage | 'drain'>();
  const orders: HostOrders = {
    settings,
    root: projectRoot(code.root ?? process.cwd()),
    takesCode: code.ship !== 'never',
    slots: slots ?? cpuCount(),
    name: name ?? os.hostname(),
    labels,
    grace,
    version: ownVersion(),
    ...(served !== undefined && { metrics: served }),
  };
  const host = new Process({
    target: runHost,
    args: [orders, theirs as never],
    name: 'ClusterWorker',
    daemon: false,
    ...(execArgv !== undefined && { execArgv }),
  });
  host.start();
  theirs.close();
  let message: HostMessage | 'drain';
  try {
    message = await mine.recv();
  } catch (cause) {
    if (!(cause instanceof EndOfStreamError)) throw cause;
    throw new ProcessError('The worker ended before it took tasks.', { cause });
  }
  if (message === 'drain') throw new ProcessError('The worker did not begin.');
  if ('failure' in message) throw message.failure;
  const closed = host.join().then(() => host.exitCode ?? 1);
  return {
    id: message.id,
    pid: host.pid!,
    metrics: message.metrics,
    closed,
    async drain() {
      await mine.send('drain').catch(() => {});
      await closed;
    },
  };
}

/** Reads `9464`, `127.0.0.1:9464` or `[::1]:9464`. A port alone is one of the loopback address. */
function readAddress(text: unknown): { host: string; port: number } {
  const [, name, v6, port] =
    (typeof text === 'string' && /^(?:(?:([\w.-]+)|\[([\da-f:]+)\]):)?(\d{1,5})$/i.exec(text)) || [];
  if (port === undefined || Number(port) > 65_535) {
    throw new TypeError(`metrics is a port, or an address with a port such as 127.0.0.1:9464, not ${String(text)}`);
  }
  return { host: name ?? v6 ?? '127.0.0.1', port: Number(port) };
}

/** Built files stand one folder below package.json, sources three. */
function ownVersion(): string {
  for (const path of ['../package.json', '../../../package.json']) {
    try {
      const { name, version } = require(path) as Record<string, string>;
      if (name === 'multiproc') return version!;
    } catch {
      // Not there.
    }
  }
  return 'unknown';
}
