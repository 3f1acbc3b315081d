// Generates src/gen from proto/. With an argument, writes below that directory
// instead of the project's own.
import { spawnSync } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(import.meta.dirname);
const buf = fileURLToPath(import.meta.resolve('@bufbuild/buf/bin/buf'));

const { status, error } = spawnSync(process.execPath, [buf, 'generate', '--output', process.argv[2] ?? root], {
  cwd: root,
  // buf.gen.yaml starts the plugin with "node": make that the running one.
  env: { ...process.env, PATH: dirname(process.execPath) + delimiter + process.env.PATH },
  stdio: 'inherit',
});
if (error) throw error;
process.exitCode = status ?? 1;
