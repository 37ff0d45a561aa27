import { pipe, platformInfo } from 'multiproc';
import { connect, Listener } from 'multiproc/connection';
import { cert, key } from '../connection/certificate.ts';
import { connectionSuite } from './connection-suite.ts';

const ADDRESS = '127.0.0.1:0';
const authKey = 'the test key';

connectionSuite('a pipe', async () => pipe());
// Without the system's sockets there is no Listener.
if (platformInfo().platform !== 'portable') {
  connectionSuite('a socket of TCP', async () => {
    using listener = new Listener({ address: ADDRESS, authKey });
    return await Promise.all([listener.accept(), connect(listener.address, { authKey })]);
  });
  connectionSuite('a socket with a path', async () => {
    using listener = new Listener();
    return await Promise.all([listener.accept(), connect(listener.address)]);
  });
  connectionSuite(
    'a socket of TLS',
    async () => {
      using listener = new Listener({ address: ADDRESS, authKey, tls: { key, cert } });
      return await Promise.all([listener.accept(), connect(listener.address, { authKey, tls: { ca: cert } })]);
    },
    { 'its end goes to another process': 'the keys of its session are in this one' },
  );
}
