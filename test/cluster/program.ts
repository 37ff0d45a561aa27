// A program of its own, which no family joins, over a server that others use, too.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** The key of all programs of the tests. */
export const key = 'a key of the tests';

/** A program that does what it is told, a line of code at a time, and answers with a line of JSON. */
export class Program {
  readonly child;
  readonly #lines;
  constructor(url: string, lease = 1500) {
    const code = `
      const { Cluster } = require('multiproc/cluster');
      const { createInterface } = require('node:readline');
      const cluster = new Cluster({ url: ${JSON.stringify(url)}, key: ${JSON.stringify(key)}, lease: ${lease} });
      const o = { cluster };
      createInterface({ input: process.stdin }).on('line', async (line) => {
        let answer;
        try { answer = { value: await eval('(async () => {' + line + '})()') }; } catch (e) { answer = { error: e.name + ': ' + e.message }; }
        console.log(JSON.stringify(answer));
      }).on('close', async () => { await cluster.shutdown(); process.exit(0); });`;
    this.child = spawn(process.execPath, ['-e', code], { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
    this.#lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]();
  }
  async run(line: string): Promise<unknown> {
    this.child.stdin!.write(`${line}\n`);
    const { value } = await this.#lines.next();
    const answer = JSON.parse(value as string);
    if ('error' in answer) throw new Error(answer.error);
    return answer.value;
  }
  async end(): Promise<void> {
    this.child.stdin!.end();
    await once(this.child, 'exit');
  }
  /** Does not leave the program behind when a test fails. */
  [Symbol.dispose](): void {
    const { pid, exitCode, signalCode } = this.child;
    if (exitCode === null && signalCode === null) process.kill(-pid!, 'SIGKILL');
  }
  kill(): void {
    this.child.kill('SIGKILL');
  }
  /** Stops the program with all its processes, so nothing of it hears, answers or renews any more. */
  stop(): void {
    process.kill(-this.child.pid!, 'SIGSTOP');
  }
}
