import type { Connection } from '../../connection/connection.ts';
import { registerOwnExports } from '../../functions/own-exports.ts';
import './run-sealed.ts';
import { Host, type HostOrders } from './host.ts';
import { serveMetrics } from './metrics.ts';

/** What a host process reports to its starter: it takes tasks, or why it cannot. */
export type HostMessage = { readonly id: string; readonly metrics: string | undefined } | { readonly failure: unknown };

/** The main function of a host's process, which ends after SIGTERM, after the message `drain`, or when its program is gone. */
export async function runHost(orders: HostOrders, control: Connection): Promise<void> {
  const host = new Host(orders, () => process.exit(1));
  process.env.MULTIPROC_HOST = host.id;
  let isTold = false;
  const drain = () => {
    // A second signal ends it at once.
    if (isTold) process.exit(1);
    isTold = true;
    void host.drain().then(() => process.exit(0));
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, drain);
  let metrics: string | undefined;
  try {
    await host.open();
    if (orders.metrics !== undefined) metrics = await serveMetrics(host, orders.metrics);
  } catch (failure) {
    await control.send({ failure });
    process.exit(1);
  }
  await control.send({ id: host.id, metrics });
  for (;;) {
    const word = await control.recv().catch(() => 'drain');
    if (word === 'drain' && !isTold) drain();
    if (word === 'drain') break;
  }
  // `drain` ends the process.
  await new Promise(() => {});
}

registerOwnExports({ runHost }, 'multiproc/internal/cluster');
