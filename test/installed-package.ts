/** The package as `npm publish` would send it, installed as a user would install it, without the network. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { temporaryDir } from './temporary-dir.ts';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '..');
export const tsc = path.join(root, 'node_modules/typescript/bin/tsc');

interface Manifest {
  readonly files: readonly string[];
}

interface LockFile {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
}

/** Builds and packs the package in a directory of its own, so that nobody's `dist` changes; returns the tarball. */
async function pack(): Promise<string> {
  const dir = temporaryDir();
  const { files } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Manifest;
  const needed = ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'engine', 'src', 'site', 'scripts', ...files];
  for (const name of needed)
    if (name !== 'dist' && !name.startsWith('!'))
      cpSync(path.join(root, name), path.join(dir, name), { recursive: true });
  symlinkSync(path.join(root, 'node_modules'), path.join(dir, 'node_modules'));
  const { stdout } = await run('npm', ['pack', '--json', '--silent'], { cwd: dir });
  const [{ filename }] = JSON.parse(stdout.slice(stdout.indexOf('[\n'))) as [{ filename: string }];
  return path.join(dir, filename);
}

/**
 * A new directory with the package in `node_modules`, beside what it depends on by the lock file. That is copied from
 * this project's own `node_modules`, for npm would want the network or what is in its cache. What the package needs and
 * does not depend on is missing.
 */
export async function installPackage(): Promise<string> {
  const dir = temporaryDir();
  const { packages } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as LockFile;
  for (const [place, { dev }] of Object.entries(packages)) {
    if (dev || place === '' || !existsSync(path.join(root, place))) continue;
    cpSync(path.join(root, place), path.join(dir, place), { recursive: true });
  }
  const installed = path.join(dir, 'node_modules/tsfront');
  mkdirSync(installed);
  await run('tar', ['xzf', await pack(), '-C', installed, '--strip-components=1']);
  writeFileSync(path.join(dir, 'package.json'), '{ "type": "commonjs", "dependencies": { "tsfront": "*" } }');
  await run('npm', ['rebuild', '--ignore-scripts'], { cwd: dir }); // links the commands of packages
  return dir;
}
