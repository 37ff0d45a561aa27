import { Pool } from 'multiproc';
import { type ClusterOptions, type CodeOptions, startWorker } from 'multiproc/cluster';

const code: CodeOptions = { root: '/srv/app', ship: 'never' };
const cluster: ClusterOptions = { url: 'redis://127.0.0.1', code };
new Pool({ cluster });
await startWorker({ ...cluster, code: { ship: 'auto' } });

// @ts-expect-error: files are sent or not, and nothing between
new Pool({ cluster: { code: { ship: 'always' } } });
// @ts-expect-error: a folder is a path
new Pool({ cluster: { code: { root: new URL('file:///srv/app') } } });
new Pool({ cluster: { maxPayload: 2 ** 20, code: { include: ['data'], limit: 2 ** 20 } } });
// @ts-expect-error: one path is a list of one
new Pool({ cluster: { code: { include: 'data' } } });
