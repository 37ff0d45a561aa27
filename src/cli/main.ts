import { serve } from './serve.ts';

const USAGE = `Usage: npx multiproc serve [--port 6379] [--host ADDRESS] [--dir ./mp]

  serve   starts the valkey-server or redis-server that is installed, for programs that use multiproc/cluster
`;

/** Runs a command of `npx multiproc`; resolves to the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  try {
    if (command === 'serve') return await serve(rest);
  } catch (error) {
    process.stderr.write(`multiproc ${command}: ${(error as Error).message}\n`);
    return 1;
  }
  const isAsked = command === undefined || command === '--help' || command === '-h' || command === 'help';
  (isAsked ? process.stdout : process.stderr).write(isAsked ? USAGE : `There is no command ${command}.\n\n${USAGE}`);
  return isAsked ? 0 : 1;
}
