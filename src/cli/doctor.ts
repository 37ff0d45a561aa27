import { platformInfo } from '../platform/platform-info.ts';

/** Prints in one line which platform multiproc uses here, and why it uses no better one; returns the exit code. Throws if the environment asks for a platform that does not work. */
export function doctor(): number {
  const { platform, processes, why } = platformInfo();
  const members = processes ? 'processes and threads' : 'threads of one program, no processes';
  const reason = why === undefined ? '.' : `: ${why}`;
  const { platform: os, arch } = process;
  process.stdout.write(`The platform is ${platform}, on ${os} ${arch} with ${runtime()}: ${members}${reason}\n`);
  return 0;
}

function runtime(): string {
  const { bun, deno, node } = process.versions;
  if (bun !== undefined) return `Bun ${bun}`;
  return deno === undefined ? `Node ${node}` : `Deno ${deno}`;
}
