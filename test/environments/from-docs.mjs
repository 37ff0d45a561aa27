import { readFileSync } from 'node:fs';

const docs = readFileSync(new URL('../../docs/environments.md', import.meta.url), 'utf8');

/** What docs/environments.md gives to copy under this heading: it is what is tried. */
export const fromDocs = (heading) => new RegExp(`^## ${heading}$[^]*?^\`\`\`\\w+\\n([^]*?)^\`\`\``, 'm').exec(docs)[1];
