/** What the door `multiproc/connection` adds. */
import './multiproc.ts';
import { connect } from '../../connection/connect.ts';
import { Listener } from '../../connection/listener.ts';
import { socketConnectionExtension } from '../../connection/socket-connection-extension.ts';
import { wait } from '../../connection/wait.ts';
import { wire } from './wire.ts';

wire({
  extensions: [socketConnectionExtension],
  exports: { 'multiproc/connection': { connect, Listener, wait } },
});
