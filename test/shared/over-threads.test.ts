import { overThreads } from '../cases.ts';

await overThreads(import.meta.url, ['shared-value', 'views']);
