import { after } from 'node:test';
import { Pool, ThreadPool } from 'multiproc';
import { Manager } from 'multiproc/managers';
import { poolSuite } from './pool-suite.ts';

const manager = new Manager();
after(() => manager.shutdown());

poolSuite('Pool', (options) => new Pool(options));
poolSuite('ThreadPool', (options) => new ThreadPool(options as number));
poolSuite('pool of a Manager', (options) => manager.pool(options));
