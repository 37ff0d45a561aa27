/** What the smaller doors add, for a child: values of all doors may arrive, and few ever do. So a door is loaded with the first of its values. */
import './install.ts';
import { registerLateExtensions } from '../codec/extension.ts';
import { PlatformError } from '../contracts/errors.ts';
import { registerOwnLoader } from '../functions/own-exports.ts';
import { lazy } from '../loading/lazy.ts';
import { family } from '../memory/family.ts';

const connection = lazy(() => require('./install-connection.ts') as object);
const managers = lazy(() => require('./install-managers.ts') as object);
const cluster = lazy(() => require('./install-cluster.ts') as object);
const sharedMemory = lazy(() => require('./install-shared-memory.ts') as object);

const all = () => {
  sharedMemory();
  connection();
  managers();
};
// Where no descriptor is free, the one in reserve reads the files.
registerLateExtensions(() => {
  const signals = family().pipeSignals;
  try {
    if (signals === undefined) all();
    else signals.spareDescriptor.lend(all);
  } catch (cause) {
    throw new PlatformError(
      `A value arrived whose code could not be loaded: ${(cause as Error).message}. The next such value is tried again.`,
      { cause },
    );
  }
});
registerOwnLoader('multiproc/connection', connection);
registerOwnLoader('multiproc/managers', managers);
registerOwnLoader('multiproc/internal/managers', managers);
for (const name of ['multiproc/cluster', 'multiproc/internal/cluster']) {
  registerOwnLoader(name, () => {
    managers();
    cluster();
  });
}
registerOwnLoader('multiproc/shared-memory', sharedMemory);
