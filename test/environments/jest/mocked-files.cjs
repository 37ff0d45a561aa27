// A file system with nothing in it, for all that Jest loads.
const { appendFileSync } = jest.requireActual('node:fs');
for (const name of ['fs', 'node:fs']) jest.mock(name, () => ({ ...jest.requireActual('memfs').fs, appendFileSync }));
if (require('node:fs').existsSync(__filename)) throw new Error('node:fs is not mocked');
