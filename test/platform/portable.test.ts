// What a program has of the system where all its members are threads: it connects, and is told what else needs processes.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { Listener } from 'multiproc/connection';

const KEY = 'a shared secret';

const program = `
import { createServer } from 'node:net';
import { Queue } from 'multiproc';
import { connect, Listener } from 'multiproc/connection';
const connection = await connect(process.argv[1], { authKey: '${KEY}' });
await connection.send({ answer: 42 });
const words = [await connection.recv()];
const server = createServer().listen(0, '127.0.0.1');
await new Promise((listening) => server.once('listening', listening));
for (const act of [() => connection.sendSync(1), () => new Listener().close(), () => new Queue().putSync(server)]) {
  try { act(); words.push('done'); } catch (error) { words.push(error.name + ': ' + error.message); }
}
server.close();
connection.close();
console.log(JSON.stringify(words));`;

test('a program without processes connects, sends and listens; a socket that travels is refused', async () => {
  using listener = new Listener({ address: '127.0.0.1:0', authKey: KEY });
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, String(listener.address)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, MULTIPROC_PLATFORM: 'portable' },
  });
  const said = text(child.stdout);
  const connection = await listener.accept();
  assert.deepEqual(await connection.recv(), { answer: 42 });
  await connection.send('received');
  const [answer, sync, listening, travel] = JSON.parse(await said) as string[];
  if (child.exitCode === null) await once(child, 'exit');
  assert.equal(child.exitCode, 0);
  assert.equal(answer, 'received');
  assert.equal(sync, 'done');
  assert.equal(listening, 'done');
  assert.match(travel!, /^SerializationError: Cannot send item: A socket that is sent to another thread needs/);
  connection.close();
});
