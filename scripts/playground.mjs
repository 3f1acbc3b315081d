// Writes dist/playground: a directory that can be published as it is.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pages, root } from './bundles.mjs';
import { formatNoticesOf } from './notices.mjs';
import { playground } from './pages.mjs';

const directory = path.join(root, 'dist/playground');
mkdirSync(directory, { recursive: true });
writeFileSync(path.join(directory, 'index.html'), await playground());
writeFileSync(path.join(directory, 'THIRD-PARTY-NOTICES'), await formatNoticesOf([pages.playground, pages.worker]));
console.log('dist/playground');
