import { type Extension, reach, type ValueWriter } from '../codec/extension.ts';
import { extensionIds } from '../codec/extension-ids.ts';
import { holdsPrivateNames } from '../codec/private-names.ts';
import { isDeparting } from './departing.ts';
import { handedDown, takeOver } from './handed-down.ts';
import { equipProcess, Process, reviveProcess, type Travelling, travellingPart } from './process.ts';

/**
 * A `Process` is sent once, to the process itself: as its class, the arguments of its constructor, what its starter hands down, and the fields of a subclass.
 */
export const processExtension: Extension<Process> = {
  id: extensionIds.PROCESS,
  name: 'Process',
  reach: reach.FAMILY,
  fields: ['value', 'value', 'value', 'value', 'value', 'value', 'value', 'value'],
  matches: (value): value is Process => value instanceof Process,
  write(value, out) {
    if (value.pid !== undefined) out.refuse('a Process that has started cannot be sent; send its pid or its name');
    // Whoever reads a process becomes it.
    if (!isDeparting(value)) {
      out.refuse(
        'a Process that has not started is sent only by its own start(); send its target and args, and make it there',
      );
    }
    const cls = value.constructor;
    if (holdsPrivateNames(cls)) {
      out.refuse(
        `the private names (#) of class ${cls.name} cannot be read from outside; use ordinary fields and methods`,
      );
    }
    const { name, daemon, identity, target, args } = travellingPart(value);
    const fields = { ...value };
    prepareClasses(fields, out);
    out.value(cls, '');
    out.value(name, 'name');
    out.value(daemon, 'daemon');
    out.value(identity, '');
    out.value(handedDown(), '');
    out.value(target, 'target');
    out.value(args, 'args');
    out.capturing(() => out.value(fields, ''));
  },
  read(input) {
    const cls = input.value() as typeof Process;
    const name = input.value();
    const daemon = input.value();
    const identity = input.value();
    const process = reviveProcess(cls, { name, daemon, identity } as Travelling);
    input.remember(process);
    takeOver(input.value() as ReturnType<typeof handedDown>);
    const target = input.value();
    equipProcess(process, { target, args: input.value() } as Travelling);
    // Not by assignment: assigning an own `__proto__` would set the prototype.
    return Object.defineProperties(process, Object.getOwnPropertyDescriptors(input.value() as object)) as Process;
  },
};

/**
 * Writes the fields as a trial: this registers the classes of instances among them, so that methods of the process can refer to the same
 * classes.
 */
function prepareClasses(fields: object, out: ValueWriter): void {
  const discarded = new Error('taken back');
  const error = out.attempt(() => {
    out.capturing(() => out.value(fields, ''));
    throw discarded;
  });
  if (error !== discarded) throw error;
}
