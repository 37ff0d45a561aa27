import { registerSharedClass } from '../channel/handle-extension.ts';
import { type Extension, registerExtension } from '../codec/extension.ts';
import { Connection } from './connection.ts';
import { HeapConnection } from './heap-connection.ts';
import { PIPE_KIND, Pipe, type Side } from './pipe-object.ts';

/** An end of a pipe travels as its pipe and which end it is; the sender keeps its own. */
const connectionExtension: Extension<Connection> = {
  id: 24,
  matches: (value): value is Connection => value instanceof Connection,
  write(value, out) {
    if (!(value instanceof HeapConnection)) {
      return out.refuse('a Connection over a socket belongs to its process');
    }
    const { pipe, side } = value.place;
    // While the message is on its way the end is not gone, even if its sender closes it.
    out.handle(pipe.voyages(side));
    out.uint32(side);
    out.value(pipe, 'pipe');
  },
  read(input) {
    input.handle();
    const side = input.uint32() as Side;
    return HeapConnection.at(input.value() as Pipe, side);
  },
};

/** Makes connections able to travel; called once by the library's door. */
export function installConnectionExtension(): void {
  registerSharedClass(PIPE_KIND, Pipe as never);
  registerExtension(connectionExtension);
}
