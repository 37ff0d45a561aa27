import { type Connection, Process, pipe, Queue } from 'multiproc';
import { connect, Listener, wait } from 'multiproc/connection';

/** Compiled, never run: what must be typed, and what must not compile. */
export async function typing(): Promise<void> {
  const [a, b] = pipe<{ n: number }>();
  await a.send({ n: 1 });
  // @ts-expect-error: of another type
  await a.send('text');
  const { n }: { n: number } = await b.recv();
  const any: string = await (await connect('host:1')).recv();
  const bytes: Uint8Array = await b.recvBytes({ maxLength: 3, timeout: 5 });
  // @ts-expect-error: bytes only
  await a.sendBytes('text');
  // @ts-expect-error: a signal cannot end a blocked call
  b.recvSync({ signal: AbortSignal.abort() });
  for await (const message of b) void message.n.toFixed();

  const process = new Process({ target: (end: Connection<{ n: number }>) => end.recv(), args: [a] });
  const ready = await wait([a, new Queue<number>(), process.sentinel]);
  ready[0]?.isReady();
  const only: Connection<{ n: number }>[] = await wait([a, b]);
  // @ts-expect-error: not a waitable
  await wait([5]);

  const listener = new Listener({ address: { host: '::1', port: 0 }, authKey: 'the test key' });
  // @ts-expect-error: a key is text or bytes
  new Listener({ authKey: 5 });
  const served: Connection = await listener.accept({ timeout: 5 });
  // @ts-expect-error: made by pipe, connect and accept only
  new Connection();
  void [n, any, bytes, only, served];
}
