import { doctor } from './doctor.ts';
import { hosts } from './hosts.ts';
import { serve } from './serve.ts';
import { type TopDoor, top } from './top.ts';
import { type ClusterDoor, worker } from './worker.ts';

const USAGE = `Usage: npx multiproc serve [--port 6379] [--host ADDRESS] [--dir ./mp]
       npx multiproc worker [URL] [--key-file FILE] [--slots N] [--name NAME] [--label WORD] [--root FOLDER] [--no-ship] [--grace 30s] [--lease 30s]
                            [--namespace NAME] [--import MODULE] [--metrics 127.0.0.1:9464]
       npx multiproc hosts [URL] [--key-file FILE] [--namespace NAME] [--json]
       npx multiproc top [URL] [--key-file FILE] [--namespace NAME]
       npx multiproc doctor

  serve    starts the valkey-server or redis-server that is installed, for programs that use multiproc/cluster
  worker   makes this machine a host: it runs tasks of every Pool with the same cluster, key and namespace
  hosts    prints the hosts of a cluster, what they run, and what they refuse and why
  top      shows the hosts and pools of a cluster, again every second
  doctor   prints which platform multiproc uses on this machine, and why it uses no better one
`;

/** Runs a command of `npx multiproc`; resolves to the exit code. `door` opens `multiproc/cluster`, for commands that need it. */
export async function main(args: readonly string[], door: () => ClusterDoor & TopDoor): Promise<number> {
  const [command, ...rest] = args;
  try {
    if (command === 'serve') return await serve(rest);
    if (command === 'worker') return await worker(rest, door);
    if (command === 'hosts') return await hosts(rest, door);
    if (command === 'top') return await top(rest, door);
    if (command === 'doctor') return doctor();
  } catch (error) {
    process.stderr.write(`multiproc ${command}: ${(error as Error).message}\n`);
    return 1;
  }
  const isAsked = command === undefined || command === '--help' || command === '-h' || command === 'help';
  (isAsked ? process.stdout : process.stderr).write(isAsked ? USAGE : `There is no command ${command}.\n\n${USAGE}`);
  return isAsked ? 0 : 1;
}
