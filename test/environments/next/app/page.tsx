import { names, record } from '../checks';

/** A server action that uses pools and processes. */
async function check(): Promise<void> {
  'use server';
  for (const name of names) await record(name);
}

export default function Page() {
  return (
    <form action={check}>
      <button type="submit">check</button>
    </form>
  );
}
