import { test } from 'node:test';

test('the program', async () => {
  await import('./app.mjs');
});
