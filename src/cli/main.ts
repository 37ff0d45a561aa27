import { doctor } from './doctor.ts';
import { type HostsDoor, hosts } from './hosts.ts';
import { serve } from './serve.ts';
import { type ClusterDoor, worker } from './worker.ts';

const USAGE = `Usage: npx multiproc serve [--port 6379] [--host ADDRESS] [--dir ./mp]
       npx multiproc worker [URL] [--key-file FILE] [--slots N] [--name NAME] [--label WORD] [--root FOLDER] [--no-ship] [--grace 30s] [--lease 30s]
                            [--namespace NAME] [--import MODULE]
       npx multiproc hosts [URL] [--key-file FILE] [--namespace NAME] [--json]
       npx multiproc doctor

  serve    starts the valkey-server or redis-server that is installed, for programs that use multiproc/cluster
  worker   makes this machine a host: it runs tasks of every Pool with the same cluster, key and namespace
  hosts    prints the hosts of a cluster
  doctor   prints which platform multiproc uses on this machine, and why it uses no better one
`;

/** Runs a command of `npx multiproc`; resolves to the exit code. `door` opens `multiproc/cluster`, for commands that need it. */
export async function main(args: readonly string[], door: () => ClusterDoor & HostsDoor): Promise<number> {
  const [command, ...rest] = args;
  try {
    if (command === 'serve') return await serve(rest);
    if (command === 'worker') return await worker(rest, door);
    if (command === 'hosts') return await hosts(rest, door);
    if (command === 'doctor') return doctor();
  } catch (error) {
    process.stderr.write(`multiproc ${command}: ${(error as Error).message}\n`);
    return 1;
  }
  const isAsked = command === undefined || command === '--help' || command === '-h' || command === 'help';
  (isAsked ? process.stdout : process.stderr).write(isAsked ? USAGE : `There is no command ${command}.\n\n${USAGE}`);
  return isAsked ? 0 : 1;
}
