import { type Extension, registerExtension } from '../codec/extension.ts';
import { Process, reviveProcess, type Travelling, travellingPart } from './process.ts';

/**
 * A process travels once, to itself: as its class, what its constructor was given, and the fields that a subclass has put on it.
 */
const processExtension: Extension<Process> = {
  id: 17,
  matches: (value): value is Process => value instanceof Process,
  write(value, out) {
    if (value.pid !== undefined) out.refuse('a Process that has started cannot be sent; send its pid or its name');
    const { name, daemon, identity, target, args } = travellingPart(value);
    const fields = { ...value };
    out.value(value.constructor, '');
    out.value(name, 'name');
    out.value(daemon, 'daemon');
    out.value(identity, '');
    out.value(target, 'target');
    out.value(args, 'args');
    out.capturing(() => out.value(fields, ''));
  },
  read(input) {
    const cls = input.value() as typeof Process;
    const name = input.value();
    const daemon = input.value();
    const identity = input.value();
    const target = input.value();
    const args = input.value();
    const process = reviveProcess(cls, { name, daemon, identity, target, args } as Travelling);
    return Object.assign(process, input.value());
  },
};

/** Makes processes able to travel to themselves; called once by the library's door. */
export function installProcessExtension(): void {
  registerExtension(processExtension);
}
