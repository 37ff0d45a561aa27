// What is tried, with the newest versions of 2026-11-28. `fails` names checks that a tool makes impossible, with what is said then; `mayFail` those that
// work only at times.
import { fromDocs } from './from-docs.mjs';
import { nodes } from './nodes.mjs';

const swc = { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } };
const babel = {
  presets: [['@babel/preset-env', { targets: { node: '20' } }], '@babel/preset-typescript'],
};
const tsconfig = {
  compilerOptions: {
    ...{ module: 'commonjs', moduleResolution: 'node10', target: 'es2022', lib: ['es2022', 'esnext.disposable'] },
    ...{ strict: true, types: ['node', 'jest'], esModuleInterop: true, isolatedModules: true },
  },
};
const jest = (transform, more = {}) => ({
  'jest.config.json': {
    transform: { '^.+\\.ts$': transform },
    ...more,
  },
  'babel.config.json': babel,
  'tsconfig.json': tsconfig,
});
// A machine with much else to do needs more than the five seconds that both give a test.
const patiently = '--testTimeout=100000';
const runsVitest = `vitest run ${patiently}`;
const coveredVitest = ['vitest@5.1.2', '@vitest/coverage-v8@5.1.2', '@vitest/coverage-istanbul@5.1.2'];
const vitest = ['forks', 'threads', 'vmThreads', 'vmForks'].map((pool) => ({
  name: pool,
  command: `${runsVitest} --pool=${pool}`,
}));

const bundled = /what its bundler has made of import\(\).*import the module at the top of the file/;
/** The configuration of webpack, and of Rspack, which has the same. */
const webpack = (mode, devtool, loader) => `module.exports = {
  ...{ mode: '${mode}', target: 'node', devtool: '${devtool}', entry: './main.ts', externals: { multiproc: 'commonjs multiproc' } },
  output: { path: __dirname + '/out', filename: 'main.js' },
  resolve: { extensions: ['.ts', '.js'] },
  module: { rules: [{ test: /\\.ts$/, use: { loader: '${loader}', options: ${JSON.stringify(swc)} } }] },
};`;
const webpacks = ({ name, folder, loader, build, modes }) =>
  modes.map(([mode, devtool]) => ({
    name: `${name}, ${mode}, ${devtool}`,
    files: { [`${folder}.config.cjs`]: webpack(mode, devtool, loader) },
    command: `${build} && node --enable-source-maps out/main.js`,
    fails: {
      ...(mode === 'development' && { import: bundled }),
      // No source map.
      ...(devtool === 'eval' && { error: /did not match/ }),
    },
  }));
const runs = 'node --enable-source-maps';
const typescript = (module, version) => ({
  compilerOptions: {
    ...(module === 'node10' && { module: 'commonjs', moduleResolution: 'node10' }),
    ...(module === 'bundler' && { module: 'esnext', moduleResolution: 'bundler' }),
    ...(/node1[68]|nodenext/.test(module) && { module }),
    ...{ target: 'es2022', lib: ['es2022', 'esnext.disposable'], strict: true, skipLibCheck: false, noEmit: false },
    ...{ exactOptionalPropertyTypes: true, declaration: true, outDir: 'out', types: ['node'] },
    ...(module !== 'node10' && module !== 'node16' && version >= '5.5' && { isolatedDeclarations: true }),
  },
  // Where the end of a file's name says what it is, a project of both kinds is one.
  files: module === 'node10' ? ['uses.ts', 'hands-on.ts'] : ['uses.mts', 'hands-on.mts', 'uses.cts', 'hands-on.cts'],
});

/** Bun's own binary: the package above it copies it by an install script, which npm may have been told not to run. */
const bun = `@oven/bun-linux-${process.arch === 'arm64' ? 'aarch64' : process.arch}`;

/** Package managers: how each adds a tarball. */
const managers = [
  { name: 'npm 11', install: ['npm@11.19.1'], adds: 'npm install ' },
  { name: 'pnpm 12', install: ['pnpm@12.21.0'], adds: 'pnpm add ', quick: true },
  { name: 'pnpm 10', install: ['pnpm@10.34.9'], adds: 'pnpm add ' },
  { name: 'yarn 1', install: ['yarn@1.22.22'], adds: 'yarn add ' },
  {
    name: 'yarn 4, PnP',
    install: ['@yarnpkg/cli-dist@4.18.1'],
    adds: 'yarn add multiproc@file:',
    files: { '.yarnrc.yml': 'enableTelemetry: false\n', 'yarn.lock': '' },
    run: 'yarn node',
  },
  {
    name: 'yarn 4, node-modules',
    install: ['@yarnpkg/cli-dist@4.18.1'],
    adds: 'yarn add multiproc@file:',
    files: { '.yarnrc.yml': 'enableTelemetry: false\nnodeLinker: node-modules\n', 'yarn.lock': '' },
  },
  {
    name: 'bun install 1.4',
    install: [`${bun}@1.4.4`],
    adds: `"../bun install 1.4 itself/node_modules/${bun}/bin/bun" add `,
  },
].map(({ run = 'node', ...manager }) => ({
  ...manager,
  variants: ['commonjs/main.cjs', 'module/main.mjs'].flatMap((main) => [
    { name: main.replace(/\/.*/, ''), command: `${run} --enable-source-maps ${main}` },
    ...(manager.name.includes('PnP')
      ? [
          {
            name: `${main.replace(/\/.*/, '')}, threads`,
            command: `${run} --enable-source-maps ${main}`,
            env: { THREADS: '1' },
          },
        ]
      : []),
  ]),
}));

/**
 * A report of coverage must name these lines of each file, and no others: in app.mjs a function that only went to children by value, in lib.mjs
 * one that nobody calls.
 */
const uncovered = (report, { app, lib } = { app: '6-7', lib: '6-7' }) =>
  `${report} > report; for lines in 'app.mjs .*[|] +${app}' 'lib.mjs .*[|] +${lib}'; do grep -E "$lines *([|]|$)" report || { cat report; exit 1; }; done`;
const covered = [
  ['c8', 'c8 --include "*.mjs" node app.mjs'],
  ['node --test', 'node --test --experimental-test-coverage app.test.mjs'],
];

export const environments = [
  ...managers,
  ...nodes,
  {
    name: 'coverage',
    install: ['c8@12.0.0'],
    variants: covered.flatMap(([name, command]) =>
      ['', '1'].map((closes) => ({
        name: `${name}, ${closes ? 'closed' : 'not closed'}`,
        checks: 0,
        env: { CLOSES: closes },
        command: uncovered(command),
      })),
    ),
  },
  {
    name: 'coverage of vitest 5',
    folder: 'vitest',
    install: coveredVitest,
    variants: ['v8', 'istanbul'].map((provider) => ({
      name: provider,
      files: { 'vitest.config.mjs': fromDocs('Coverage') },
      command: `${runsVitest} --coverage.enabled --coverage.provider=${provider}`,
    })),
  },
  {
    // Functions that modules export travel by reference if Node itself runs the modules: what ran in children is counted.
    name: 'lines of vitest 5 in modules that Node runs',
    folder: 'coverage',
    install: coveredVitest,
    variants: [
      {
        name: 'v8',
        checks: 0,
        files: { 'vitest.config.mjs': fromDocs('Vitest and coverage of children') },
        env: { CLOSES: '1' },
        command: uncovered(
          `${runsVitest} covers --coverage.enabled --coverage.reporter=text --coverage.include=app.mjs --coverage.include=lib.mjs`,
          { app: '6-7', lib: '6' },
        ),
      },
    ],
  },
  {
    name: 'lines of vitest 5',
    folder: 'coverage',
    install: coveredVitest,
    variants: ['v8', 'istanbul'].map((provider) => ({
      name: provider,
      checks: 0,
      files: { 'vitest.config.mjs': fromDocs('Coverage') },
      env: { CLOSES: '1' },
      command: uncovered(
        `${runsVitest} covers --coverage.enabled --coverage.provider=${provider} --coverage.reporter=text --coverage.include=app.mjs --coverage.include=lib.mjs`,
        // Functions of modules that Vitest has made of the files travel by value.
        { app: '6-7', lib: '2-6' },
      ),
    })),
  },
  {
    name: 'tsx',
    folder: 'imports',
    install: ['tsx@4.23.15'],
    quick: true,
    variants: [
      {
        name: 'import() of TypeScript',
        checks: 0,
        files: { 'package.json': { private: true, type: 'module' } },
        command: fromDocs('Tasks that import TypeScript').replace('main.mjs', 'imports.mjs'),
      },
      ...['commonjs', 'module'].map((type) => ({
        name: type,
        files: { 'package.json': { private: true, type } },
        command: 'node --import tsx main.ts',
      })),
    ],
  },
  {
    name: 'jest',
    install: [
      ...['jest@30.5.2', 'babel-jest@30.5.2', '@babel/core@7', '@babel/preset-env@7', '@babel/preset-typescript@7'],
      ...['ts-jest@29.4.15', '@swc/jest@0.2.39', '@swc/core@1', 'typescript@5.9.3', '@types/node@20', '@types/jest@30'],
      ...['memfs@4.80.1', 'zone.js@0.16.3'],
    ],
    quick: true,
    variants: [
      { name: 'ts-jest', command: `jest ${patiently}`, files: jest(['ts-jest', {}]) },
      { name: 'babel', command: `jest ${patiently}`, files: jest('babel-jest') },
      {
        name: 'swc',
        command: `jest ${patiently}`,
        files: jest(['@swc/jest', { ...swc, module: { type: 'commonjs' } }]),
      },
      {
        name: 'fake timers and a mocked node:fs',
        command: `jest ${patiently}`,
        files: jest(['ts-jest', {}], { fakeTimers: { enableGlobally: true }, setupFiles: ['./mocked-files.cjs'] }),
        quick: false,
      },
      {
        name: 'zone.js',
        command: `jest ${patiently}`,
        files: jest(['ts-jest', {}], { setupFilesAfterEnv: ['zone.js/node', 'zone.js/testing'] }),
        quick: false,
      },
      {
        name: 'ES modules',
        command: `NODE_OPTIONS=--experimental-vm-modules jest ${patiently}`,
        files: jest(['@swc/jest', { ...swc, module: { type: 'es6' } }], { extensionsToTreatAsEsm: ['.ts'] }),
      },
    ],
  },
  {
    name: 'vitest 5',
    folder: 'vitest',
    install: ['vitest@5.1.2', 'memfs@4.80.1'],
    quick: true,
    variants: [
      ...vitest,
      // Before the library is loaded.
      {
        name: 'fake timers and a mocked node:fs in the set-up',
        command: `${runsVitest} --config faked.config.mjs`,
        quick: false,
      },
    ],
  },
  { name: 'vitest 4', folder: 'vitest', install: ['vitest@4.1.12'], variants: vitest },
  {
    name: 'esbuild',
    install: ['esbuild@0.28.2'],
    quick: true,
    variants: [
      {
        name: 'cjs',
        command: fromDocs('Bundlers'),
      },
      {
        name: 'cjs, minified, with multiproc inside',
        command: `esbuild main.ts --bundle --platform=node --minify --keep-names --sourcemap --outfile=out/main.js && ${runs} out/main.js`,
      },
      {
        name: 'esm, splitting',
        command: `esbuild main.ts --bundle --platform=node --packages=external --format=esm --splitting --out-extension:.js=.mjs --sourcemap --outdir=out && ${runs} out/main.mjs`,
      },
    ],
  },
  {
    name: 'webpack',
    install: ['webpack@5.113.0', 'webpack-cli@7.3.1', 'swc-loader@0.2.7', '@swc/core@1.16.22'],
    quick: true,
    variants: webpacks({
      ...{ name: '5', folder: 'webpack', loader: 'swc-loader', build: 'webpack' },
      modes: [
        ['development', 'eval'],
        ['development', 'eval-source-map'],
        ['development', 'source-map'],
        ['production', 'source-map'],
      ],
    }),
  },
  {
    name: 'rspack',
    install: ['@rspack/core@2.3.3', '@rspack/cli@2.2.8'],
    variants: webpacks({
      ...{ name: '2', folder: 'rspack', loader: 'builtin:swc-loader', build: 'rspack build -c rspack.config.cjs' },
      modes: [
        ['development', 'eval-source-map'],
        ['development', 'source-map'],
        ['production', 'source-map'],
      ],
    }),
  },
  {
    name: 'rollup',
    install: ['rollup@4.68.8', '@rollup/plugin-typescript@12.3.1', 'tslib@2.9.1', 'typescript@5.9.3', '@types/node@20'],
    variants: ['es', 'cjs'].map((format) => ({
      name: format,
      files: {
        'tsconfig.json': {
          compilerOptions: {
            ...tsconfig.compilerOptions,
            types: ['node'],
            module: 'esnext',
            moduleResolution: 'bundler',
            sourceMap: true,
          },
        },
      },
      command: `rollup main.ts -p typescript -e multiproc -f ${format} --sourcemap -d out --entryFileNames [name].${format === 'es' ? 'mjs' : 'cjs'} && ${runs} out/main.${format === 'es' ? 'mjs' : 'cjs'}`,
    })),
  },
  {
    name: 'rolldown',
    install: ['rolldown@1.3.3'],
    variants: [
      {
        name: 'es',
        command: `rolldown main.ts --platform=node --sourcemap -d out -e multiproc && ${runs} out/main.js`,
      },
    ],
  },
  {
    name: 'vite',
    install: ['vite@8.4.0'],
    variants: [
      { name: 'build', command: `vite build --ssr main.ts --sourcemap --outDir out && ${runs} out/main.mjs` },
      { name: 'development', command: `${runs} development.mjs` },
    ],
  },
  {
    // The name of its folder, too: Vite encodes some of it, and Node the rest.
    name: 'vite in a folder ü %20 %',
    folder: 'vite',
    install: ['vite@8.4.0'],
    variants: [
      { name: 'build', command: `vite build --ssr main.ts --sourcemap --outDir out && ${runs} out/main.mjs` },
      { name: 'development', command: `${runs} development.mjs` },
    ],
  },
  {
    name: 'tsup',
    install: ['tsup@9.0.0', 'typescript@5.9.3'],
    variants: ['esm', 'cjs'].map((format) => ({
      name: format,
      command: `tsup main.ts --format ${format} --sourcemap -d out && ${runs} out/main.*js`,
    })),
  },
  {
    name: 'bun',
    install: [`${bun}@1.4.5`],
    variants: [
      {
        name: 'build',
        command: `node_modules/${bun}/bin/bun build main.ts --target=node --external multiproc --sourcemap=linked --outdir out && ${runs} out/main.js`,
      },
    ],
  },
  {
    name: 'next',
    install: [
      'next@16.4.6',
      'react@19.3.1',
      'react-dom@19.3.1',
      'typescript@5.9.3',
      '@types/node@20',
      '@types/react@19',
    ],
    // The route handler, then the server action.
    variants: [
      { name: 'dev, Turbopack', checks: 14, command: 'node drive.mjs dev', fails: { import: bundled } },
      { name: 'dev, webpack', checks: 14, command: 'node drive.mjs dev --webpack', fails: { import: bundled } },
      {
        name: 'build and start, Turbopack',
        checks: 14,
        command: 'next build && node drive.mjs start',
        fails: { import: bundled },
      },
      {
        name: 'build and start, webpack',
        checks: 14,
        command: 'next build --webpack && node drive.mjs start',
        // It has no source maps of the server.
        fails: { error: /did not match/ },
      },
    ],
  },
  ...[
    ['5.4.5', ['node10', 'node16', 'nodenext', 'bundler']],
    ['5.5.4', ['node10', 'node16', 'nodenext', 'bundler']],
    ['5.6.3', ['node10', 'node16', 'nodenext', 'bundler']],
    ['5.7.3', ['node10', 'node16', 'nodenext', 'bundler']],
    ['5.8.3', ['node10', 'node16', 'node18', 'nodenext', 'bundler']],
    ['5.9.3', ['node10', 'node16', 'node18', 'nodenext', 'bundler']],
    ['6.0.3', ['node16', 'node18', 'nodenext', 'bundler']],
    ['7.0.2', ['node16', 'node18', 'nodenext', 'bundler']],
  ].map(([version, modules]) => ({
    name: `typescript ${version}`,
    folder: 'typescript',
    install: [`typescript@${version}`, '@types/node@20'],
    // The oldest, the newest of the fifth, and the newest.
    quick: /^(5\.[49]|7)/.test(version),
    variants: modules.map((module) => ({
      name: module,
      checks: 0,
      files: { 'tsconfig.json': typescript(module, version) },
      command: 'for end in mts cts; do cp uses.ts uses.$end; cp hands-on.ts hands-on.$end; done; rm -rf out; tsc',
    })),
  })),
];
