// Makes a fresh clone usable: installs the packages of the lock file if they are missing or older than it.
// Runs on whatever Node npm was started with; everything after it runs on the Node that the packages bring.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '..');

export function ensureInstalled() {
  const marker = path.join(root, 'node_modules/.package-lock.json');
  const lock = path.join(root, 'package-lock.json');
  if (existsSync(marker) && statSync(marker).mtimeMs >= statSync(lock).mtimeMs) return;
  run('npm', ['ci', '--no-audit', '--no-fund']);
}

/** Runs a command with the project's own programs first on the path; a failure ends this process with its exit code. */
export function run(command, args, options = {}) {
  const status = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    ...options,
    env: {
      ...process.env,
      ...options.env,
      PATH: `${path.join(root, 'node_modules/.bin')}${path.delimiter}${process.env.PATH}`,
    },
  });
  if (status.error) throw status.error;
  if (status.status !== 0 && !options.mayFail) process.exit(status.status ?? 1);
  return status.status ?? 1;
}
