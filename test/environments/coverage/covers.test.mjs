import { test } from 'vitest';

test('the program', async () => {
  await import('./app.mjs');
});
