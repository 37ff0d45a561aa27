// Programs and hosts in folders of their own, as on machines of their own: nothing of the one is below the other.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { key } from './program.ts';
import { RedisServer } from './redis-server.ts';
import { cli } from './stage.ts';

const lease = 2000;
const repository = fileURLToPath(new URL('../../../', import.meta.url));

/** Texts by their paths in a project. */
export type Files = Readonly<Record<string, string>>;

/** The folder for temporary files of the host with this root. */
export const temporaryOf = (root: string) => `${dirname(root)}/tmp`;

/** Machines of a test: folders, a server, hosts and programs, which go with the test. */
export class Machines {
  readonly folder = realpathSync(mkdtempSync(`${tmpdir()}/multiproc-machines-`));
  readonly #children = new Set<ChildProcess>();
  #server: RedisServer | undefined;
  #folders = 0;

  async server(): Promise<RedisServer> {
    return (this.#server ??= await new RedisServer().start());
  }

  /** Makes a folder with these files. With `multiproc` it has the library installed. */
  project(files: Files, withLibrary = false): string {
    const folder = `${this.folder}/${++this.#folders}/app`;
    for (const [path, text] of Object.entries({ ...files })) {
      mkdirSync(dirname(`${folder}/${path}`), { recursive: true });
      writeFileSync(`${folder}/${path}`, text);
    }
    mkdirSync(`${folder}/node_modules`, { recursive: true });
    if (withLibrary) symlinkSync(repository, `${folder}/node_modules/multiproc`);
    return folder;
  }

  /** Starts a host whose own files are in `root`; resolves when it takes tasks. Its folder for temporary files is `temporary`. */
  async host(namespace: string, root: string, options: readonly string[] = []) {
    const temporary = temporaryOf(root);
    mkdirSync(temporary, { recursive: true });
    const { url } = await this.server();
    const args = [cli, 'worker', url, '--namespace', namespace, '--slots', '2', '--lease', `${lease}ms`, ...options];
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, MULTIPROC_KEY: key, TMPDIR: temporary },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.add(child);
    let errors = '';
    child.stderr!.on('data', (chunk) => {
      errors += chunk;
    });
    const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
    const [, id] = /^multiproc worker (\S+) takes tasks$/.exec(line) ?? [];
    assert.ok(id !== undefined, line + errors);
    return { child, id, temporary };
  }

  /** Runs `main` of a project, in which `cluster` are the options of a pool; resolves to what its only line of JSON says. */
  async run(
    namespace: string,
    folder: string,
    main = 'main.mjs',
    variables = {},
    options: readonly string[] = [],
  ): Promise<unknown> {
    const { url } = await this.server();
    const cluster = JSON.stringify({ url, key, lease, namespace });
    const child = spawn(process.execPath, [...options, `${folder}/${main}`], {
      cwd: this.folder,
      env: { ...process.env, CLUSTER: cluster, ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.add(child);
    let text = '';
    let errors = '';
    child.stdout!.on('data', (chunk) => {
      text += chunk;
    });
    child.stderr!.on('data', (chunk) => {
      errors += chunk;
    });
    const [code] = await once(child, 'close');
    assert.equal(code, 0, text + errors);
    return JSON.parse(text);
  }

  async end(): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await this.#server?.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
