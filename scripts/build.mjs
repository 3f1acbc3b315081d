// Bundles every entry point that exists into dist/, and makes the page of `tsfront graph` and the memory that the
// engine of build programs begins with.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { webAssembly } from '../src/host/program-engine.ts';
import { makeSnapshot } from '../src/host/program-snapshot.ts';
import { bundles, root } from './bundles.mjs';
import { graphPage } from './pages.mjs';

rmSync(path.join(root, 'dist'), { recursive: true, force: true });
for (const options of bundles) await build(options);
writeFileSync(path.join(root, 'dist/graph.html'), await graphPage());

/** @param {string} file */
const program = (file) => path.join(root, 'dist/program', file);
const engine = await webAssembly.compile(readFileSync(program('quickjs.wasm')));
writeFileSync(program('snapshot'), await makeSnapshot(engine, readFileSync(program('build.js'), 'utf8')));
