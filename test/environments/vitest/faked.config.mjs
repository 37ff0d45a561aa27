export default { test: { setupFiles: ['./faked.mjs', './mocked-files.mjs'] } };
