/** The package as `npm publish` would send it, installed as a user would install it, without the network. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { temporaryDir } from './client/temporary-dir.ts';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '..');
export const tsc = path.join(root, 'node_modules/typescript/bin/tsc');

interface Manifest {
  readonly files: readonly string[];
}

interface LockFile {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
}

/** Builds and packs the package in a folder of its own, so that nobody's `dist` changes; returns the tarball. */
async function pack(): Promise<string> {
  const folder = temporaryDir();
  const { files } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Manifest;
  const needed = ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'src', 'scripts', ...files];
  for (const name of needed)
    if (name !== 'dist') cpSync(path.join(root, name), path.join(folder, name), { recursive: true });
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  const { stdout } = await run('npm', ['pack', '--json', '--silent'], { cwd: folder });
  const [{ filename }] = JSON.parse(stdout.slice(stdout.indexOf('[\n'))) as [{ filename: string }];
  return path.join(folder, filename);
}

/**
 * A new folder with the package in `node_modules`, and what it depends on by the lock file, from this project's own
 * `node_modules`: an empty cache of npm is no hindrance. What the package needs and does not depend on is missing.
 */
export async function installPackage(): Promise<string> {
  const folder = temporaryDir();
  const { packages } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as LockFile;
  const dependencies: Record<string, string> = { tsfront: `file:${await pack()}` };
  for (const [place, { dev }] of Object.entries(packages)) {
    const name = place.replace('node_modules/', '');
    if (!dev && name !== '' && existsSync(path.join(root, place)))
      dependencies[name] = `file:${path.join(root, place)}`;
  }
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ type: 'commonjs', dependencies }));
  const options = ['--offline', '--install-links', '--ignore-scripts', '--no-audit', '--no-fund'];
  await run('npm', ['install', ...options, '--cache', path.join(temporaryDir(), 'npm')], { cwd: folder });
  return folder;
}
