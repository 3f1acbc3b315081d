/** The frontend as a program for each architecture, made anew from the sources. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { build } from 'esbuild';
import { bundles } from '../bundles.mjs';

const entry = 'frontend-engine';

/**
 * Bundles the frontend for the small engine, and makes the programs from that.
 *
 * @param architectures as Debian and images call them: amd64, arm64
 * @param directory where they are made
 * @returns the file of each architecture
 */
export async function makeBinaries(architectures, folder) {
  const bundle = bundles.find(({ entryPoints }) => entry in entryPoints);
  await build({ ...bundle, outdir: folder });
  const script = path.join(folder, `${entry}.js`);
  const make = path.join(import.meta.dirname, '../engine/build.mjs');
  const args = [make, '--script', script, '--output', folder, ...architectures];
  const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error('the programs could not be made');
  return Object.fromEntries(architectures.map((name) => [name, path.join(folder, `frontend-${name}`)]));
}
