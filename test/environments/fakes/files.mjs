// A file system with nothing in it but packages, in which Node's own `require` reads too.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import 'multiproc';

const { existsSync, readFileSync, statSync } = fs;
const isThere = (path) => /node_modules/.test(String(path));
const only =
  (real) =>
  (path, ...rest) => {
    if (typeof path === 'number' || isThere(path)) return real(path, ...rest);
    throw Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), { code: 'ENOENT' });
  };
Object.assign(fs, {
  readFileSync: only(readFileSync),
  statSync: only(statSync),
  existsSync: (path) => isThere(path) && existsSync(path),
});
syncBuiltinESMExports();
