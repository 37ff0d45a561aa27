import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';

/** An interpreter to measure against. */
export interface CPython {
  readonly file: string;
  readonly version: string;
}

let newest: { readonly found: CPython | undefined } | undefined;

/** The newest CPython of those on the PATH and those of pyenv; `undefined` if there is none. */
export function newestCPython(): CPython | undefined {
  newest ??= { found: find() };
  return newest.found;
}

function find(): CPython | undefined {
  const versions = `${process.env.PYENV_ROOT ?? `${homedir()}/.pyenv`}/versions`;
  const installed = existsSync(versions) ? readdirSync(versions).map((name) => `${versions}/${name}/bin/python3`) : [];
  return ['python3', ...installed]
    .map(askVersion)
    .filter((found) => found !== undefined)
    .sort((a, b) => a.version.localeCompare(b.version, 'en', { numeric: true }))
    .at(-1);
}

function askVersion(file: string): CPython | undefined {
  const program = 'import platform as p; print(p.python_implementation(), p.python_version())';
  const { status, stdout } = spawnSync(file, ['-c', program], { encoding: 'utf8' });
  const [implementation, version] = (stdout ?? '').trim().split(' ');
  return status === 0 && implementation === 'CPython' && version !== undefined ? { file, version } : undefined;
}
