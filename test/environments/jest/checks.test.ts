import { names, record } from './checks';

for (const name of names) test(name, () => record(name), 60_000);
