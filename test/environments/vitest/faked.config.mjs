export default { test: { setupFiles: ['./faked.mjs'] } };
