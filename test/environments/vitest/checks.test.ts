import { test } from 'vitest';
import { names, record } from './checks';

for (const name of names) test(name, () => record(name));
