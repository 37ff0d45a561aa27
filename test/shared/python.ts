import { spawn } from 'node:child_process';
import { newestCPython } from '../../bench/cpython.ts';
import { watched } from '../watchdog.ts';

const python = newestCPython();

/** What tests with Python on the other side are told: where there is none they are skipped. */
export const withPython = { skip: python === undefined ? 'there is no CPython here' : false };

const PRELUDE = `
import sys
from multiprocessing import shared_memory

def attach(name):
    # Before 3.13 Python's tracker removes at its end what it has only attached to.
    try:
        return shared_memory.SharedMemory(name, track=False)
    except TypeError:
        from multiprocessing import resource_tracker
        memory = shared_memory.SharedMemory(name)
        resource_tracker.unregister(memory._name, "shared_memory")
        return memory
`;

/** Runs a Python program to its end: what it prints. It has `attach(name)` and `sys.argv`. */
export async function runPython(program: string, ...args: string[]): Promise<string> {
  const child = spawn(python!.file, ['-c', PRELUDE + program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (data) => {
    text += data;
  });
  const code = await watched(new Promise((resolve) => child.once('close', resolve)));
  if (code !== 0) throw new Error(`Python ended with ${code}`);
  return text.trim();
}
