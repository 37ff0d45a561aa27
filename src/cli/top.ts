import { parseArgs } from 'node:util';
import { setTimeout } from '../engine/builtins.ts';
import { describeHosts, type ShownHost } from './describe-hosts.ts';
import { useKeyFile } from './use-key-file.ts';

/** What `hosts` and `top` need of `multiproc/cluster`, which stands above them. */
export interface TopDoor {
  Cluster: new (
    options: object,
  ) => {
    hosts(): Promise<readonly ShownHost[]>;
    stats(): Promise<ShownStats>;
    shutdown(): Promise<void>;
  };
}

interface ShownStats {
  readonly slots: number;
  readonly slotsWanted: number;
  readonly hosts: number;
  readonly pools: readonly {
    readonly id: string;
    readonly processes: number | undefined;
    readonly running: number;
    readonly waiting: number;
  }[];
  readonly tasks: { readonly done: number; readonly failed: number; readonly lost: number; readonly refused: number };
}

/** Milliseconds between two looks. */
const LOOK = 1000;
/** What ends it: Ctrl-C comes as it is from a raw terminal. */
const ENDS = ['q', '\u0003'];
const CLEAR = '\u001b[H\u001b[J';

/** Shows what a cluster does: in a terminal again every second until `q` or Ctrl-C, elsewhere once. Resolves to the exit code. */
export async function top(args: readonly string[], door: () => TopDoor): Promise<number> {
  const text = { type: 'string' } as const;
  const options = { namespace: text, 'key-file': text } as const;
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  useKeyFile(values['key-file']);
  const cluster = new (door().Cluster)({ url: positionals[0], namespace: values.namespace });
  const { stdin, stdout } = process;
  const isLive = stdout.isTTY === true;
  let isOver = !isLive;
  let wake = (): void => {};
  const end = () => {
    isOver = true;
    wake();
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
  if (isLive && stdin.isTTY === true) {
    stdin.setRawMode(true);
    stdin.on('data', (typed) => ENDS.some((key) => String(typed).includes(key)) && end());
  }
  try {
    let before: ShownStats | undefined;
    do {
      const [stats, hosts] = await Promise.all([cluster.stats(), cluster.hosts()]);
      const lines = [...describe(stats, before), ...describeHosts(hosts)];
      stdout.write(isLive ? `${CLEAR}${fit(lines, stdout).join('\r\n')}\r\n` : `${lines.join('\n')}\n`);
      before = stats;
      if (isOver) break;
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, LOOK);
      });
    } while (!isOver);
    return 0;
  } finally {
    if (isLive && stdin.isTTY === true) stdin.setRawMode(false).pause();
    await cluster.shutdown();
  }
}

function describe(stats: ShownStats, before: ShownStats | undefined): string[] {
  const { slots, slotsWanted, hosts, pools, tasks } = stats;
  const rate = before === undefined ? '' : `  ${Math.max(0, tasks.done - before.tasks.done)}/s`;
  return [
    `${hosts} hosts  ${slots} slots  ${slotsWanted} wanted  ${tasks.done} tasks done${rate}  ${tasks.failed} failed  ${tasks.lost} lost  ${tasks.refused} refused`,
    '',
    ...pools.map(
      ({ id, processes, running, waiting }) =>
        `pool ${id}  ${running} running  ${waiting} waiting${processes === undefined ? '' : `  at most ${processes} at once`}`,
    ),
    ...(pools.length === 0 ? ['There is no pool.'] : []),
    '',
  ];
}

/** As much as the terminal shows. */
function fit(lines: readonly string[], { rows, columns }: { rows?: number; columns?: number }): string[] {
  // A terminal that does not know its size says 0.
  return lines.slice(0, (rows || 24) - 1).map((line) => line.slice(0, columns || 80));
}
