import { PlatformError } from '../contracts/errors.ts';

/** Milliseconds after which a thread that does not answer is given up. */
const PATIENCE = 60_000;

/** What a thread runs: asks the system for what Node tells to event loops only. */
const program = `
const { workerData: { done, port, what, name } } = require('node:worker_threads');
const tell = (answer) => { port.postMessage(answer); Atomics.store(done, 0, 1); Atomics.notify(done, 0); };
if (what === 'address') require('node:dns').lookup(name, (error, address, family) => tell(error ? { code: error.code, message: error.message } : { address, family }));
else { const socket = require('node:net').connect(name, () => { socket.destroy(); tell({}); }).on('error', ({ code, message }) => tell({ code, message })); }
`;

/** What the system says: of a name of a host its first address, of the path of a socket nothing; or why that failed. */
export interface Answer {
  readonly code?: string;
  readonly message?: string;
  readonly address?: string;
  readonly family?: number;
}

/** Asks in a thread, which takes some 40 ms, and blocks until it has answered: the address of a host, or whether somebody listens at the path of a socket. */
export function askedInThread(what: 'address' | 'listener', name: string): Answer {
  const { MessageChannel, receiveMessageOnPort, Worker } = process.getBuiltinModule('node:worker_threads');
  const { port1, port2 } = new MessageChannel();
  const done = new Int32Array(new SharedArrayBuffer(4));
  const thread = new Worker(program, {
    eval: true,
    env: {},
    execArgv: [],
    name: 'multiproc lookup',
    workerData: { done, port: port2, what, name },
    transferList: [port2],
  });
  thread.unref();
  let failure: Error | undefined;
  thread.on('error', (error) => (failure = error));
  Atomics.wait(done, 0, 0, PATIENCE);
  const answer = receiveMessageOnPort(port1)?.message as Answer | undefined;
  port1.close();
  void thread.terminate();
  if (answer !== undefined) return answer;
  throw new PlatformError(`The system did not answer within ${PATIENCE} ms when it was asked for ${name}.`, {
    cause: failure,
  });
}
