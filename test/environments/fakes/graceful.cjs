// Replaces functions of node:fs, before the library is loaded.
require('graceful-fs').gracefulify(require('node:fs'));
