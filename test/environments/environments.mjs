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

export const environments = [
  {
    name: 'tsx',
    install: ['tsx@4.23.15'],
    quick: true,
    variants: [
      { name: '', command: 'node --import tsx main.ts' },
      { name: 'commonjs', command: 'cp main.ts main.cts && node --import tsx main.cts' },
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
];
