import { parseArgs } from 'node:util';
import { useKeyFile } from './use-key-file.ts';

/** What the command needs of `multiproc/cluster`, which stands above it. */
export interface ClusterDoor {
  startWorker(options: object): Promise<{
    readonly id: string;
    readonly metrics: string | undefined;
    readonly closed: Promise<number>;
    drain(): Promise<void>;
  }>;
}

/** Makes this machine a host of a cluster, in the foreground; resolves to the exit code. */
export async function worker(args: readonly string[], door: () => ClusterDoor): Promise<number> {
  const text = { type: 'string' } as const;
  const options = {
    slots: text,
    name: text,
    namespace: text,
    label: { type: 'string', multiple: true },
    'key-file': text,
    grace: text,
    lease: text,
    root: text,
    'no-ship': { type: 'boolean' },
    metrics: text,
    import: { type: 'string', multiple: true },
  } as const;
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  if (positionals.length > 1) throw new Error(`one URL is enough: ${positionals.join(' ')}`);
  useKeyFile(values['key-file']);
  const given = {
    url: positionals[0],
    slots: values.slots === undefined ? undefined : wholeOf('--slots', values.slots),
    name: values.name,
    namespace: values.namespace,
    labels: values.label,
    code: { root: values.root, ship: values['no-ship'] === true ? 'never' : 'auto' },
    grace: values.grace === undefined ? undefined : millisecondsOf('--grace', values.grace),
    lease: values.lease === undefined ? undefined : millisecondsOf('--lease', values.lease),
    metrics: values.metrics,
    execArgv: values.import?.flatMap((module) => ['--import', module]),
  };
  const host = await door().startWorker(given);
  const drain = () => void host.drain();
  process.on('SIGTERM', drain);
  // The host hears Ctrl-C, too, and drains.
  process.on('SIGINT', () => {});
  const served = host.metrics === undefined ? '' : `, and has metrics at ${host.metrics}`;
  process.stdout.write(`multiproc worker ${host.id} takes tasks${served}\n`);
  return await host.closed;
}

function wholeOf(option: string, text: string): number {
  if (!/^\d+$/.test(text) || Number(text) < 1) throw new Error(`${option} ${text} is no whole number from 1 on`);
  return Number(text);
}

/** Reads `30s`, `500ms`, `2m`, or seconds without a unit. */
function millisecondsOf(option: string, text: string): number {
  const [, number, unit = 's'] = /^(\d+)(ms|s|m)?$/.exec(text) ?? [];
  if (number === undefined) throw new Error(`${option} ${text} is no time: write 30s, 500ms or 2m`);
  return Number(number) * { ms: 1, s: 1000, m: 60_000 }[unit as 'ms' | 's' | 'm'];
}
