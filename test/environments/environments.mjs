// What is tried, with the newest versions of 2026-11-28. `fails` names checks that a tool makes impossible, with what is said then.
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
const jest = (transform, esm) => ({
  'jest.config.json': {
    transform: { '^.+\\.ts$': transform },
    ...(esm && { extensionsToTreatAsEsm: ['.ts'] }),
  },
  'babel.config.json': babel,
  'tsconfig.json': tsconfig,
});
const vitest = ['forks', 'threads', 'vmThreads', 'vmForks'].map((pool) => ({
  name: pool,
  command: `vitest run --pool=${pool}`,
}));

const webpack = (devtool) => `module.exports = {
  ...{ mode: 'development', target: 'node', devtool: '${devtool}', entry: './main.ts', externals: { multiproc: 'commonjs multiproc' } },
  output: { path: __dirname + '/out', filename: 'main.js' },
  resolve: { extensions: ['.ts', '.js'] },
  module: { rules: [{ test: /\\.ts$/, use: { loader: 'swc-loader', options: ${JSON.stringify(swc)} } }] },
};`;
const typescript = (module) => ({
  compilerOptions: {
    ...(module === 'node10' && { module: 'commonjs', moduleResolution: 'node10' }),
    ...(module === 'bundler' && { module: 'esnext', moduleResolution: 'bundler' }),
    ...(/node1[68]|nodenext/.test(module) && { module }),
    ...{ target: 'es2022', lib: ['es2022', 'esnext.disposable'], strict: true, skipLibCheck: false, noEmit: false },
    ...{ exactOptionalPropertyTypes: true, declaration: true, outDir: 'out', types: ['node'] },
    ...(module !== 'node10' && module !== 'node16' && { isolatedDeclarations: true }),
  },
  files: ['uses.ts', 'hands-on.ts'],
});

export const environments = [
  {
    name: 'tsx',
    install: ['tsx@4.23.15'],
    quick: true,
    variants: [
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
    ],
    quick: true,
    variants: [
      { name: 'ts-jest', command: 'jest', files: jest(['ts-jest', {}]) },
      { name: 'babel', command: 'jest', files: jest('babel-jest') },
      { name: 'swc', command: 'jest', files: jest(['@swc/jest', { ...swc, module: { type: 'commonjs' } }]) },
      {
        name: 'ES modules',
        command: 'NODE_OPTIONS=--experimental-vm-modules jest',
        files: jest(['@swc/jest', { ...swc, module: { type: 'es6' } }], true),
      },
    ],
  },
  {
    name: 'vitest 5',
    folder: 'vitest',
    install: ['vitest@5.1.2'],
    quick: true,
    variants: vitest,
  },
  { name: 'vitest 4', folder: 'vitest', install: ['vitest@4.1.12'], variants: vitest },
  {
    name: 'bundlers',
    install: ['esbuild@0.28.2', 'webpack@5', 'webpack-cli@6', 'swc-loader@0.2', '@swc/core@1', 'rolldown@1'],
    quick: true,
    variants: [
      {
        name: 'esbuild',
        command:
          'esbuild main.ts --bundle --platform=node --sourcemap --outfile=out/main.js && node --enable-source-maps out/main.js',
        // What the module would have set is not there yet when the task is sent.
        fails: { import: /cube is not a function/ },
      },
      {
        name: 'rolldown',
        command:
          'rolldown main.ts --platform=node --sourcemap -d out -e multiproc && node --enable-source-maps out/main.js',
      },
      ...['eval', 'source-map'].map((devtool) => ({
        name: `webpack development, ${devtool}`,
        files: { 'webpack.config.cjs': webpack(devtool) },
        command: 'webpack && node --enable-source-maps out/main.js',
        fails: {
          import: /what its bundler has made of import\(\).*import the module at the top of the file/,
          ...(devtool === 'eval' && { error: /did not match/ }),
        },
      })),
    ],
  },
  ...[
    ['5.7.3', ['node10', 'node16']],
    ['5.9.3', ['node10', 'node16', 'node18', 'nodenext', 'bundler']],
    ['7.0.2', ['node16', 'node18', 'nodenext', 'bundler']],
  ].map(([version, modules]) => ({
    name: `typescript ${version}`,
    folder: 'typescript',
    install: [`typescript@${version}`, '@types/node@20'],
    quick: true,
    variants: modules.flatMap((module) =>
      ['commonjs', 'module'].map((type) => ({
        name: `${module}, ${type}`,
        checks: 0,
        files: { 'package.json': { private: true, type }, 'tsconfig.json': typescript(module) },
        command: 'tsc',
      })),
    ),
  })),
];
