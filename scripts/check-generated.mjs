// Fails when src/gen is not what proto/ generates.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * Maps the path of each file below `dir` to its text.
 *
 * @param {string} dir
 */
function readTree(dir) {
  if (!existsSync(dir)) return new Map();
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(dir.length + 1), readFileSync(path, 'utf8')];
    }),
  );
}

const temp = mkdtempSync(join(tmpdir(), 'check-generated-'));
try {
  const run = spawnSync(process.execPath, [join(import.meta.dirname, 'generate.mjs'), temp], { stdio: 'inherit' });
  if (run.status !== 0) throw new Error('generating from proto/ failed');

  const expected = readTree(join(temp, 'src', 'gen'));
  const actual = readTree(join(dirname(import.meta.dirname), 'src', 'gen'));
  const problems = [];
  for (const path of [...new Set([...expected.keys(), ...actual.keys()])].sort()) {
    if (!actual.has(path)) problems.push(`missing: ${path}`);
    else if (!expected.has(path)) problems.push(`not generated: ${path}`);
    else if (actual.get(path) !== expected.get(path)) problems.push(`out of date: ${path}`);
  }
  if (problems.length > 0) {
    console.error(`src/gen does not match proto/; run "npm run generate".\n  ${problems.join('\n  ')}`);
    process.exitCode = 1;
  }
} finally {
  rmSync(temp, { recursive: true, force: true });
}
