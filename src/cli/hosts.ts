import { parseArgs } from 'node:util';
import { describeHosts } from './describe-hosts.ts';
import type { TopDoor } from './top.ts';
import { useKeyFile } from './use-key-file.ts';

/** Prints the hosts of a cluster; resolves to the exit code. */
export async function hosts(args: readonly string[], door: () => TopDoor): Promise<number> {
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
    const lines = values.json === true ? [JSON.stringify(found)] : describeHosts(found);
    process.stdout.write(`${lines.join('\n')}\n`);
    return 0;
  } finally {
    await cluster.shutdown();
  }
}
