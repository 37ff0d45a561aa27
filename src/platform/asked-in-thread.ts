import { PlatformError } from '../contracts/errors.ts';

/** The time in milliseconds after which a thread that does not answer is given up. */
const PATIENCE = 60_000;

/** The program of the thread: asks the system for facts that Node gives only to event loops. */
const program = `
const { workerData: { done, port, what, name } } = require('node:worker_threads');
const tell = (answer) => { port.postMessage(answer); Atomics.store(done, 0, 1); Atomics.notify(done, 0); };
if (what === 'address') require('node:dns').lookup(name, (error, address, family) => tell(error ? { code: error.code, message: error.message } : { address, family }));
else { const socket = require('node:net').connect(name, () => { socket.destroy(); tell({}); }).on('error', ({ code, message }) => tell({ code, message })); }
`;

/** The answer of the system: the first address of a host, nothing for the path of a socket, or the reason of the failure. */
interface Answer {
  readonly code?: string;
  readonly message?: string;
  readonly address?: string;
  readonly family?: number;
}

/** Asks a thread for the address of a host, or whether a program listens at the path of a socket. Blocks until the thread answers, which takes about 40 ms. */
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
