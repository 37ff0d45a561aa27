// What an editor has every process load, to debug it.
require('node:inspector').open(0, '127.0.0.1', false);
