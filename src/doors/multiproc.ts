/**
 * The door `multiproc`. General layout, upwards; each layer imports only from those below it (docs/architecture.md):
 *
 *   platform/   the operating system            memory/     the heap, members, park and wake
 *   sync/ ring/ codec/   locks · bytes · values  channel/ functions/   queues · functions that travel
 *   process/    start, watch, end               index.ts    the public names
 */
import './wiring/multiproc.ts';
import './wiring/elsewhere.ts';

export * from './public-names.ts';
