// Timers and dates that stand still, from when the library has been loaded.
import { mock } from 'node:test';
import 'multiproc';

mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'] });
