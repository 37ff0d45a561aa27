import { parseArgs } from 'node:util';
import { useKeyFile } from './use-key-file.ts';

/** What the command needs of `multiproc/cluster`, which stands above it. */
export interface HostsDoor {
  Cluster: new (
    options: object,
  ) => {
    hosts(): Promise<
      readonly {
        readonly id: string;
        readonly slots: number;
        readonly running: number;
        readonly state: string;
        readonly node: string;
        readonly platform: string;
        readonly labels: readonly string[];
        readonly refuses: readonly { readonly pool: string; readonly why: string }[];
      }[]
    >;
    shutdown(): Promise<void>;
  };
}

/** Prints the hosts of a cluster, a line each; resolves to the exit code. */
export async function hosts(args: readonly string[], door: () => HostsDoor): Promise<number> {
  const text = { type: 'string' } as const;
  const options = { namespace: text, 'key-file': text, json: { type: 'boolean' } } as const;
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  useKeyFile(values['key-file']);
  const cluster = new (door().Cluster)({
    url: positionals[0],
    namespace: values.namespace,
  });
  try {
    const found = await cluster.hosts();
    if (values.json === true) process.stdout.write(`${JSON.stringify(found)}\n`);
    else if (found.length === 0) process.stdout.write('There is no host. Start one with: npx multiproc worker\n');
    else {
      for (const { id, slots, running, state, node, platform, labels, refuses } of found) {
        const words = [`${running}/${slots} running`, state, `node ${node}`, platform, ...labels];
        process.stdout.write(`${id}  ${words.join('  ')}\n`);
        for (const { pool, why } of refuses) process.stdout.write(`  refuses pool ${pool}: ${why}\n`);
      }
    }
    return 0;
  } finally {
    await cluster.shutdown();
  }
}
