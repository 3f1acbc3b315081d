// `npm test`: installs what is missing (on Debian, as root, also the engines), builds (on Debian also the frontend
// image's program), runs every test and closes with a line `N passed, N failed`.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensureInstalled, run } from './install.mjs';

ensureInstalled();
run('node', ['scripts/build.mjs']);
const wantsAll = process.argv.length === 2;
// Without it its tests are skipped aloud, and fail in CI.
if (wantsAll || process.argv.some((arg) => arg.includes('binary')))
  run('node', ['scripts/engine/build.mjs'], { mayFail: true });
if (wantsAll && canInstallEngines()) run('node', ['test/engine/main.ts', 'install'], { mayFail: true });

const directory = mkdtempSync(path.join(tmpdir(), 'tsfront-test-'));
const report = path.join(directory, 'report.json');
const status = run(
  'node',
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ],
  { mayFail: true },
);

let summary;
try {
  summary = JSON.parse(readFileSync(report, 'utf8'));
} catch {
  console.error('the test runner left no report');
  process.exit(status || 1);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
const skipped = summary.numPendingTests + summary.numTodoTests;
// A file that could not even be loaded counts as one failure.
const broken = summary.testResults.filter(
  (/** @type {{ status: string, assertionResults: unknown[] }} */ file) =>
    file.status === 'failed' && file.assertionResults.length === 0,
).length;
const failed = summary.numFailedTests + broken;
console.log(`${summary.numPassedTests} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`);
process.exit(failed > 0 || summary.numPassedTests === 0 ? 1 : status);

/** Whether test/engine/install.sh works here, and is wanted: not where the environment names a daemon. */
function canInstallEngines() {
  const { DOCKER_HOST, BUILDKIT_HOST } = process.env;
  return !DOCKER_HOST && !BUILDKIT_HOST && process.getuid?.() === 0 && existsSync('/etc/debian_version');
}
