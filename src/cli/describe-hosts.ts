/** What a host of a cluster says of itself, as far as commands show it. */
export interface ShownHost {
  readonly id: string;
  readonly slots: number;
  readonly running: number;
  readonly state: string;
  readonly node: string;
  readonly multiproc: string;
  readonly platform: string;
  readonly labels: readonly string[];
  readonly pools: readonly { readonly pool: string; readonly name: string; readonly tasks: readonly string[] }[];
  readonly refuses: readonly { readonly pool: string; readonly why: string }[];
}

/** Describes hosts of a cluster: a line each, and below it a line for each pool that it runs or refuses. */
export function describeHosts(hosts: readonly ShownHost[]): string[] {
  if (hosts.length === 0) return ['There is no host. Start one with: npx multiproc worker'];
  return hosts.flatMap((host) => {
    const { id, slots, running, state, node, multiproc, platform, labels } = host;
    const words = [`${running}/${slots} running`, state, `node ${node}`, `multiproc ${multiproc}`, platform, ...labels];
    return [
      `${id}  ${words.join('  ')}`,
      ...host.pools.map(({ pool, name, tasks }) => `  runs pool ${pool} ${name}: ${counted(tasks)}`),
      ...host.refuses.map(({ pool, why }) => `  refuses pool ${pool}: ${why}`),
    ].map(printable);
  });
}

/** `render() × 3, load()`. */
function counted(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => (count === 1 ? name : `${name} × ${count}`)).join(', ');
}

/** Names come from other machines: none may move the cursor or change colours. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '?');
}
