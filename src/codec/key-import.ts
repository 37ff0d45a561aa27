/**
 * Makes a CryptoKey synchronously on Node before 22.10, where only `importKey` makes one, with a promise: another thread imports the key, and
 * this one waits for it.
 */
import type { KeyObject, webcrypto } from 'node:crypto';
import type { MessagePort, receiveMessageOnPort } from 'node:worker_threads';

/** The program of the thread. It sends the key, or the message of the error. */
const code = `
const { port, answered } = require('node:worker_threads').workerData;
const { subtle } = require('node:crypto').webcrypto;
const formats = { secret: 'raw', public: 'spki', private: 'pkcs8' };
const bytesOf = (key) => (key.type === 'secret' ? key.export() : key.export({ type: formats[key.type], format: 'der' }));
port.on('message', async ({ key, algorithm, isExtractable, usages }) => {
  let answer;
  try {
    answer = { key: await subtle.importKey(formats[key.type], bytesOf(key), algorithm, isExtractable, usages) };
  } catch (error) {
    answer = { failure: error.message };
  }
  port.postMessage(answer);
  Atomics.store(answered, 0, 1);
  Atomics.notify(answered, 0);
});`;

interface Importer {
  readonly port: MessagePort;
  /** The thread writes 1 when it has answered. */
  readonly answered: Int32Array;
  readonly receive: typeof receiveMessageOnPort;
}

let importer: Importer | undefined;

/** The time in milliseconds after which the thread is given up, for example because it has no memory left. */
const PATIENCE = 30_000;

function start(): Importer {
  const { MessageChannel, receiveMessageOnPort: receive, Worker } = process.getBuiltinModule('node:worker_threads');
  const { port1: port, port2 } = new MessageChannel();
  const answered = new Int32Array(new SharedArrayBuffer(4));
  // The thread loads nothing of the program, not even by NODE_OPTIONS.
  const options = { eval: true, env: {}, execArgv: [], workerData: { port: port2, answered }, transferList: [port2] };
  new Worker(code, options).on('error', () => (importer = undefined)).unref();
  port.unref();
  return { port, answered, receive };
}

/** Makes a CryptoKey of a KeyObject. Throws if the algorithm or the usages do not fit. The first call takes about 50 ms. */
export function importKey(
  key: KeyObject,
  algorithm: unknown,
  isExtractable: boolean,
  usages: readonly string[],
): webcrypto.CryptoKey {
  importer ??= start();
  const { port, answered, receive } = importer;
  Atomics.store(answered, 0, 0);
  port.postMessage({ key, algorithm, isExtractable, usages });
  if (Atomics.wait(answered, 0, 0, PATIENCE) === 'timed-out') {
    importer = undefined;
    throw new Error('the thread that imports keys has not answered');
  }
  const { key: made, failure } = receive(port)!.message as { key?: webcrypto.CryptoKey; failure?: string };
  if (made === undefined) throw new Error(failure);
  return made;
}
