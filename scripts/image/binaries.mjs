/** The frontend as a program for each architecture, made anew from the sources. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { build } from 'esbuild';
import { bundles } from '../bundles.mjs';

/** What runs in the small engine: the frontend, and the library of build programs. */
const inEngine = bundles.filter(({ conditions }) => conditions !== undefined);

/**
 * Bundles what runs in the small engine, and makes the programs from that.
 *
 * @param {readonly string[]} architectures as Debian and images call them: amd64, arm64
 * @param {string} directory where they are made
 * @returns {Promise<Record<string, string>>} the file of each architecture
 */
export async function makeBinaries(architectures, directory) {
  for (const bundle of inEngine)
    await build({ ...bundle, outdir: path.join(directory, path.relative('dist', bundle.outdir ?? '')) });
  const files = ['--script', path.join(directory, 'frontend-engine.js'), '--modules', path.join(directory, 'program')];
  const make = path.join(import.meta.dirname, '../engine/build.mjs');
  const args = [make, ...files, '--output', directory, ...architectures];
  const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error('the programs could not be made');
  return Object.fromEntries(architectures.map((name) => [name, path.join(directory, `frontend-${name}`)]));
}
