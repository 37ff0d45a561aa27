// Starts the rest of the command line with --inspect-brk, and is the debugger that lets it go on from its first line and sees it end.
import { spawn } from 'node:child_process';

const [, , , ...args] = process.argv;
const child = spawn('node', ['--inspect-brk=0', ...args], { stdio: ['ignore', 'inherit', 'pipe'] });
child.on('exit', (code) => process.exit(code ?? 1));
child.stderr.setEncoding('utf8').on('data', (text) => {
  process.stderr.write(text);
  const url = /^Debugger listening on (ws:\S+)$/m.exec(text)?.[1];
  if (url !== undefined) attach(url);
});

function attach(url) {
  const socket = new WebSocket(url);
  let id = 0;
  const send = (method) => socket.send(JSON.stringify({ id: ++id, method }));
  socket.onopen = () => ['Runtime.enable', 'Debugger.enable', 'Runtime.runIfWaitingForDebugger'].forEach(send);
  socket.onmessage = ({ data }) => {
    const { method } = JSON.parse(data);
    if (method === 'Debugger.paused') send('Debugger.resume');
    if (method === 'Runtime.executionContextDestroyed') socket.close();
  };
}
