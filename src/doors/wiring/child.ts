/** What a child can receive: values of all doors may arrive, and few ever do. So the wiring of a door is loaded with the first of its values. */
import './member.ts';
import './elsewhere.ts';
import { registerLateExtensions } from '../../codec/extension.ts';
import { PlatformError } from '../../contracts/errors.ts';
import { lazy } from '../../loading/lazy.ts';
import { family } from '../../memory/family.ts';
import { registerLateKinds } from '../../memory/object-kinds.ts';
import { wire } from './wire.ts';

const door = lazy(() => require('./multiproc.ts') as object);
const connection = lazy(() => require('./connection.ts') as object);
const managers = lazy(() => require('./managers.ts') as object);
const sharedMemory = lazy(() => require('./shared-memory.ts') as object);
const ofCluster = lazy(() => require('./cluster.ts') as object);
const cluster = () => {
  managers();
  ofCluster();
};

wire({
  exports: {},
  late: {
    multiproc: door,
    'multiproc/internal/spawn': door,
    'multiproc/internal/thread': door,
    'multiproc/connection': connection,
    'multiproc/managers': managers,
    'multiproc/internal/managers': managers,
    'multiproc/cluster': cluster,
    'multiproc/internal/cluster': cluster,
    'multiproc/shared-memory': sharedMemory,
  },
});

const all = () => {
  sharedMemory();
  connection();
  managers();
};
registerLateKinds(() => loadLate(() => void door()));
registerLateExtensions(() => loadLate(all));

/** Loads files. Where no descriptor is free, the one in reserve reads them. */
function loadLate(load: () => void): void {
  const signals = family().pipeSignals;
  try {
    if (signals === undefined) load();
    else signals.spareDescriptor.lend(load);
  } catch (cause) {
    throw new PlatformError(
      `A value arrived whose code could not be loaded: ${(cause as Error).message}. The next such value is tried again.`,
      { cause },
    );
  }
}
