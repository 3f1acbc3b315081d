// Bundles every entry point that exists into dist/.
import { rmSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { bundles, root } from './bundles.mjs';

rmSync(path.join(root, 'dist'), { recursive: true, force: true });
for (const options of bundles) await build(options);
