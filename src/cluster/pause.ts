import { setTimeout } from '../engine/builtins.ts';

/** Resolves after this number of milliseconds. */
export async function pause(milliseconds: number): Promise<void> {
  await new Promise<void>((resolve) => void setTimeout(resolve, milliseconds));
}
