/** Makes what the door `multiproc/connection` adds able to travel. */
import './install.ts';
import { connect } from '../connection/connect.ts';
import { Listener } from '../connection/listener.ts';
import { installSocketConnectionExtension } from '../connection/socket-connection-extension.ts';
import { wait } from '../connection/wait.ts';
import { registerOwnExports } from '../functions/own-exports.ts';

installSocketConnectionExtension();
registerOwnExports({ connect, Listener, wait }, 'multiproc/connection');
