// Writes dist/playground: a folder that can be published as it is.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pages, root } from './bundles.mjs';
import { formatNoticesOf } from './notices.mjs';
import { playground } from './pages.mjs';

const folder = path.join(root, 'dist/playground');
mkdirSync(folder, { recursive: true });
writeFileSync(path.join(folder, 'index.html'), await playground());
writeFileSync(path.join(folder, 'THIRD-PARTY-NOTICES'), await formatNoticesOf([pages.playground, pages.worker]));
console.log('dist/playground');
