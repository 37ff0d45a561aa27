// Node itself: its options, what a program replaces in it, and the containers that it runs in.
import { fromDocs } from './from-docs.mjs';

/** As `node` is started, and what it may not have there. */
const started = (name, { before = '', options = '', main = 'module/main.mjs', ...more }) => ({
  name,
  command: `${before} node --enable-source-maps ${options} ${main}`,
  ...more,
});
const asNobody = (id) =>
  `touch "$CHECKS_OUT" && chmod 666 "$CHECKS_OUT" && exec setpriv --reuid=${id} --regid=${id} --clear-groups env -u HOME`;
/** A root that cannot be written to, but for the folder of the checks. */
const readOnly =
  'mount --bind / /mnt && mount -o remount,bind,ro /mnt && mount -t proc proc /mnt/proc && mount --rbind /dev /mnt/dev && mount --bind "$PWD" "/mnt$PWD" && exec chroot /mnt env -C "$PWD"';
const forRoot = process.getuid?.() === 0;

const names = ['closure', 'imported', 'captured', 'queue', 'error', 'sync', 'import'];
/** All of these checks fail, and say this. */
const all = (words, checks = names) => Object.fromEntries(checks.map((name) => [name, words]));

const noDescriptor = /descriptors \(ulimit -n\)/;

const containers = [
  // Workers are threads there.
  started('file size: 50 MiB', { before: 'ulimit -f 51200;' }),
  started('descriptors: 64', { before: 'ulimit -n 64;' }),
  // Of which Node itself has taken 20: not every check has as many as it needs.
  started('descriptors: 32', {
    before: 'ulimit -n 32;',
    fails: { queue: noDescriptor, error: /'ProcessError'/ },
    mayFail: { sync: noDescriptor, import: noDescriptor },
  }),
  started('address space: 4 GiB', { before: 'ulimit -v 4194304;' }),
  started('address space: 1 GiB', { before: 'ulimit -v 1048576;', fails: all(/allow 2 GiB or more \(ulimit -v\)/) }),
  ...(forRoot
    ? [
        started('no /proc', {
          before: 'unshare -m bash -c \'umount -l /proc && exec "$@"\' -',
          fails: all(/\/proc must be mounted/),
        }),
        started("another namespace's /proc", {
          before: 'unshare -pf',
          fails: all(/is that of another process namespace.*mount -t proc proc \/proc/),
        }),
        started('no /dev/shm', { before: 'unshare -m bash -c \'umount -l /dev/shm && exec "$@"\' -' }),
        started('hidepid', {
          before: `unshare -mpf bash -c 'mount -t proc -o hidepid=2 proc /proc && ${asNobody(65534)} "$@"' -`,
        }),
        started('user without a name', { before: `bash -c '${asNobody(54321)} "$@"' -` }),
        started('PID 1 without init', { before: 'unshare -pfm --mount-proc' }),
        started('read-only root', { before: `unshare -m bash -c '${readOnly} "$@"' -` }),
      ]
    : []),
];

const withoutInspector = /V8's inspector, which this Node does not allow under its permission model/;

export const nodes = [
  {
    name: 'node',
    install: ['zone.js@0.16.3', 'source-map-support@0.5.21', 'graceful-fs@4.2.12'],
    folder: 'fakes',
    isCompiled: true,
    variants: [
      ...['--disable-proto=throw', '--frozen-intrinsics'].map((options) => started(options, { options })),
      started('--disallow-code-generation-from-strings', {
        options: '--disallow-code-generation-from-strings',
        // The lines are those of what was compiled.
        fails: { error: /did not match/ },
      }),
      ...['--cpu-prof --cpu-prof-dir=profiles', '--inspect=0', '--import ./timers.mjs', '--import ./files.mjs'].map(
        (options) => started(options, { options }),
      ),
      started("an editor's auto-attach", {
        env: { NODE_OPTIONS: '--require ./attach.cjs --inspect-publish-uid=http' },
      }),
      {
        name: '--watch',
        command:
          'node --enable-source-maps --watch module/main.mjs & until [ "$(cat "$CHECKS_OUT" 2>/dev/null | wc -l)" = 7 ]; do sleep 0.2; done; kill $!',
      },
      started('zone.js', { options: '--import zone.js/node' }),
      started('source-map-support', { options: '--require source-map-support/register' }),
      // Lines are those that the program's own stacks show: of the compiled files.
      ...['text', 'objects'].map((kind) =>
        started(`Error.prepareStackTrace that makes ${kind}`, {
          options: '--import ./stacks.mjs',
          env: { STACKS: kind },
          // The stack of an error is no text where it is made of objects.
          fails: { error: /did not match|checks\.mjs/ },
        }),
      ),
      started('graceful-fs', { options: '--require ./graceful.cjs' }),
      started('another realm', { main: 'realm.cjs' }),
      ...['', '--import zone.js/node'].map((options) =>
        started(`AsyncLocalStorage ${options}`.trim(), { options, main: 'contexts.mjs', checks: 0 }),
      ),
      // A directory that changes when the library has been loaded.
      started('a changed directory', {
        env: { NODE_OPTIONS: '--import ./elsewhere.mjs' },
        main: '"$PWD/module/main.mjs"',
      }),
      started('--inspect-brk', { before: 'exec node --experimental-websocket --no-warnings debugger.mjs' }),
      ...containers,
    ],
  },
  ...['24.22.3', '26.12.1'].map((version) => ({
    name: `node ${version.slice(0, 2)}`,
    node: version,
    isCompiled: true,
    variants: [
      {
        name: '--permission',
        command: fromDocs('Permissions')
          .replace('main.mjs', 'module/main.mjs')
          .replace(version < '25' ? '--allow-net' : '', ''),
        // What the checks themselves need: they write down what came of them.
        env: { NODE_OPTIONS: '--enable-source-maps --allow-fs-write=*' },
      },
      {
        name: '--permission, threads',
        command: fromDocs('Permissions')
          .replace('main.mjs', '--allow-worker module/main.mjs')
          .replace(version < '25' ? '--allow-net' : '', ''),
        env: { NODE_OPTIONS: '--enable-source-maps --allow-fs-write=*', THREADS: '1' },
      },
      ...['--disable-proto=throw', '--frozen-intrinsics'].map((options) => started(options, { options })),
    ],
  })),
  // No `--allow-inspector`: exported functions go by their module and name, closures are refused.
  ...['20', '22.23.5'].map((version) => ({
    name: `node ${version.slice(0, 2)} without the inspector`,
    ...(version !== '20' && { node: version }),
    isCompiled: true,
    variants: [
      {
        name: '--permission',
        command: fromDocs('Permissions')
          .replace('--permission', version === '20' ? '--experimental-permission --allow-worker' : '--permission')
          .replace(/--allow-(inspector|net)/g, '')
          .replace('main.mjs', 'module/main.mjs'),
        env: { NODE_OPTIONS: '--enable-source-maps --allow-fs-write=*' },
        fails: all(
          withoutInspector,
          names.filter((name) => name !== 'imported'),
        ),
      },
    ],
  })),
  ...['22.23.5', '24.22.3'].map((version) => ({
    name: `node ${version.slice(0, 2)}, import() of TypeScript`,
    folder: 'imports',
    node: version,
    variants: [{ name: 'as it is', checks: 0, command: 'node imports.mjs' }],
  })),
];
