// Makes a fresh clone usable: installs the packages of the lock file if they are missing or other ones.
// Runs on whatever Node npm was started with; everything after it runs on the Node that the packages bring.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '..');

export function ensureInstalled() {
  if (isInstalled()) return;
  // Not `npm ci`, which removes all packages first: after a change of the lock file only what changed is installed. The
  // versions are those of the lock file, and it is left alone.
  // Its warnings are about the Node that npm was started with, and about install scripts of packages that work without.
  run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']);
}

/** Whether what npm noted down when it installed agrees with the lock file. */
function isInstalled() {
  const wanted = readPackages('package-lock.json');
  const installed = readPackages('node_modules/.package-lock.json');
  if (!wanted || !installed) return false;
  return Object.entries(wanted).every(
    ([name, { version, optional }]) => name === '' || optional || installed[name]?.version === version,
  );
}

/** @param {string} file */
function readPackages(file) {
  try {
    return JSON.parse(readFileSync(path.join(root, file), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** The environment in which the project's own programs come first on the path. */
export function environment(more = {}) {
  return {
    ...process.env,
    ...more,
    PATH: `${path.join(root, 'node_modules/.bin')}${path.delimiter}${process.env.PATH}`,
  };
}

/**
 * Runs a command with the project's own programs first on the path; a failure ends this process with its exit code.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnSyncOptions & { mayFail?: boolean }} [options]
 */
export function run(command, args, options = {}) {
  const status = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    ...options,
    env: environment(options.env),
  });
  if (status.error) throw status.error;
  if (status.status !== 0 && !options.mayFail) process.exit(status.status ?? 1);
  return status.status ?? 1;
}
