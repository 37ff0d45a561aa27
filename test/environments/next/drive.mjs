// Starts Next.js (`node drive.mjs dev --webpack`), asks its route handler, submits the form of its page, and ends it.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const next = spawn('next', [...process.argv.slice(2), '-p', '0'], {
  stdio: ['ignore', 'pipe', 'inherit'],
  detached: true,
});
try {
  const url = await addressOf(next);
  const answer = await fetch(`${url}/checks`, { method: 'POST' });
  if (!answer.ok) throw new Error(`the route handler answers ${answer.status}: ${await answer.text()}`);
  const page = await (await fetch(url)).text();
  const action = /name="(\$ACTION_ID_\w+)"/.exec(page)?.[1];
  if (action === undefined) throw new Error(`no form in ${page}`);
  const form = new FormData();
  form.set(action, '');
  const done = await fetch(url, { method: 'POST', body: form });
  if (!done.ok) throw new Error(`the server action answers ${done.status}: ${await done.text()}`);
} finally {
  process.kill(-next.pid);
}

/** Where it listens, as it says. */
async function addressOf({ stdout }) {
  let text = '';
  for await (const line of createInterface({ input: stdout })) {
    text += `${line}\n`;
    const [url] = /http:\/\/localhost:\d+/.exec(line) ?? [];
    if (url !== undefined) {
      stdout.resume();
      return url;
    }
  }
  throw new Error(`Next.js has ended: ${text}`);
}
