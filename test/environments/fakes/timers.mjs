// Timers and dates that stand still.
import { mock } from 'node:test';

mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'] });
