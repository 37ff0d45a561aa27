import { overThreads } from '../cases.ts';

await overThreads({}, [new URL('./disturbed.test.js', import.meta.url)]);
