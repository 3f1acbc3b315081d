// `npm run demo`: installs what is missing and compiles the multi-stage Dockerfile of examples/web offline,
// once as a tree for people, once as LLB JSON. Needs neither a daemon nor, after the installation, the network.
import { spawnSync } from 'node:child_process';
import { ensureInstalled, environment, root, run } from './install.mjs';

ensureInstalled();
run('node', ['scripts/build.mjs']);
const compile = ['compile', 'examples/web', '--images', 'examples/web/images.json', '--offline'];
console.log(`\n# tsfront ${compile.join(' ')} --format tree\n`);
run('node', ['dist/cli.js', ...compile, '--format', 'tree']);

console.log(`\n# tsfront ${compile.join(' ')} --format json\n`);
const { stdout, status } = spawnSync('node', ['dist/cli.js', ...compile, '--format', 'json'], {
  cwd: root,
  env: environment(),
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
});
if (status !== 0) process.exit(status ?? 1);
const lines = stdout.trimEnd().split('\n');
console.log(`${lines.slice(0, 20).join('\n')}\n… and ${lines.length - 20} more lines`);
